/** Bytes of source text per token, at most (measured over code of several languages: 3.4 to 4.7 with three tokenizers). */
export const bytesPerToken = 3.5;

/** Kinds of characters, by how tokenizers join them; what is not ASCII is of the last kind. */
const [small, capital, digit, mark, blank, line, control, wide] = [0, 1, 2, 3, 4, 5, 6, 7];
const kinds = Uint8Array.from({length: 128}, (_, code) => {
  if (code >= 0x61 && code <= 0x7a) return small;
  if (code >= 0x41 && code <= 0x5a) return capital;
  if (code >= 0x30 && code <= 0x39) return digit;
  if (code === 0x20) return blank;
  if (code === 0x09 || code === 0x0a || code === 0x0d) return line;
  return code < 0x20 || code === 0x7f ? control : mark;
});
/** What the count of pieces is raised by, so that it is not below what three public tokenizers count for any kind of text that was tried. */
const safety = 1.1;
/** A word of so many letters and digits that changes between them more often than names do is data: base64, hashes. */
const [dataLength, dataPart, dataShare] = [20, 0.25, 1.4];

/**
 * Estimated tokens of a text, always at least 1; an estimate from above: data, numbers, emoji and other scripts than Latin
 * take more than {@link bytesPerToken} says. A provider's own tokenizer may count more all the same; an overflow is answered
 * by `planRetry`. Of texts that end with a line feed, the tokens together are at most the sum. Linear in the size.
 */
export function tokensOf(text: string): number {
  return Math.max(1, Math.ceil(Math.max(Buffer.byteLength(text) / bytesPerToken, piecesOf(text) * safety)));
}

/** Least tokens of so many bytes of text that was not read. */
export function tokensOfBytes(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / bytesPerToken));
}

/** Goes from run to run of one kind (of marks: of one character) and adds what each takes. */
function piecesOf(text: string): number {
  let pieces = 0;
  let before = blank;
  let word = {start: 0, pieces: 0, digits: false};
  for (let start = 0; start < text.length; ) {
    const kind = kindAt(text, start);
    const end = runEnd(text, start, kind);
    const taken = kind === wide ? wideTokens(text.charCodeAt(start)) : runTokens(kind, end - start, before, kindAt(text, end));
    pieces += taken;
    if (kind > digit || before > digit) word = {start, pieces: 0, digits: false};
    if (kind <= digit) {
      word.pieces += 1;
      word.digits ||= kind === digit;
      if (end - word.start >= dataLength && word.digits && word.pieces > (end - word.start) * dataPart) pieces += taken * (dataShare - 1);
    }
    before = kind;
    start = end;
  }
  return pieces;
}

/** Tokens of a run, by what stands before and after it. The numbers were fitted to what tokenizers count. */
function runTokens(kind: number, length: number, before: number, after: number): number {
  const joined = before <= digit;
  if (kind === small) return before === digit || before === wide ? 0.3 + length / 3 : length > 18 ? length / 1.8 : length > 10 ? length / 3.4 : Math.max(1, length / 6);
  if (kind === capital && after === small) return (length - 1) / 1.8 + (before === digit || (before === small && length > 1) ? 0.4 : 0);
  if (kind === capital) return joined ? 0.3 + length / 1.5 : length > 18 ? length / 1.6 : Math.max(1, length / 2.2);
  if (kind === digit) return Math.ceil(length / 2);
  if (kind === mark) return length > 4 ? 2 + length / 16 : length * 0.66;
  // One blank is part of the word after it.
  if (kind === blank) return length > 1 ? 0.7 + length / 80 : 0;
  return kind === line ? (before === mark ? 0.5 : 0.9) + length / 8 : length;
}

/** Tokens of one code unit beyond ASCII: Latin and Cyrillic letters, other alphabets, half of an emoji, East Asian scripts, all else. */
function wideTokens(code: number): number {
  if (code < 0x800) return code < 0x370 || (code >= 0x400 && code < 0x530) ? 0.8 : 1.25;
  if (code >= 0xd800 && code < 0xe000) return 1.5;
  return code >= 0x3000 && code < 0xd7b0 ? 1.35 : 1.9;
}

function runEnd(text: string, start: number, kind: number): number {
  const first = text.charCodeAt(start);
  let end = start + 1;
  if (kind !== wide) while (end < text.length && (kind === mark ? text.charCodeAt(end) === first : kindAt(text, end) === kind)) end += 1;
  return end;
}

/** Kind of the character at a place; behind the end there is a blank. */
function kindAt(text: string, at: number): number {
  if (at >= text.length) return blank;
  const code = text.charCodeAt(at);
  return code < 128 ? (kinds[code] ?? control) : wide;
}
