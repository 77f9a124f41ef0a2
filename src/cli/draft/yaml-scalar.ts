/** Words that a YAML reader may take for something other than text. */
const notText = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** A text as a YAML scalar on one line: plain where it is a plain word, else as JSON, with everything escaped that a terminal could take for more than text. */
export function yamlScalar(text: string): string {
  if (/^[a-zA-Z_][\w./-]*$/.test(text) && !notText.test(text)) return text;
  return JSON.stringify(text).replace(/[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}
