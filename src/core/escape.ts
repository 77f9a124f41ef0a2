/**
 * Text from an agent or a repository, made safe for a terminal or a line of a report: C0, C1, DEL and bidirectional
 * or zero-width controls become visible escapes. Line breaks and tabs stay when `lines` is set.
 */
export function escapeText(text: string, {lines = false}: {readonly lines?: boolean} = {}): string {
  // eslint-disable-next-line no-control-regex -- making control characters visible is the purpose
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => {
    if (lines && (character === '\n' || character === '\t')) return character;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
