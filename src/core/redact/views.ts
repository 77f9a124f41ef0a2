/** What a view reads at one place: a symbol, or `nothing`, and how many characters it took. */
export interface Reading {
  readonly symbol: number;
  readonly length: number;
}

/** In place of a symbol: what stands there does not count. */
export const nothing = -1;
/** In place of a symbol: only {@link View.read} can tell, since it depends on what follows. */
export const unclear = -2;

/**
 * A way to look at a text by which all spellings of one value look the same. Needles are looked at in the same way, so
 * a view may throw away whatever two spellings do not share.
 */
export interface View {
  /** The symbol of an ASCII character; any other is its own. */
  symbol(code: number): number;
  /** Reads where `symbol` is unclear. Linear: what it takes is never read again. */
  read(text: string, at: number): Reading;
}

const backslash = 0x5c;
const percent = 0x25;

/** The text as it is. */
export const plainView: View = {symbol: (code) => code, read: (text, at) => ({symbol: text.charCodeAt(at), length: 1})};

const letterOfControl: ReadonlyMap<number, number> = new Map(
  ['\nn', '\rr', '\tt', '\bb', '\ff'].map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
);

/**
 * Strings inside of JSON, JSON inside of JSON, and so on: backslashes do not count, a control character is the letter
 * of its escape, `\u0041` is its character.
 */
export const jsonView: View = {
  symbol: (code) => (code === backslash ? unclear : (letterOfControl.get(code) ?? code)),
  read(text, at) {
    const end = afterRun(text, at);
    const code = unicodeEscape(text, end);
    if (code === undefined) return {symbol: nothing, length: end - at};
    return {symbol: code === backslash ? nothing : (letterOfControl.get(code) ?? code), length: end + 5 - at};
  },
};

/** Parts of URLs and of forms, over UTF-8 bytes: `%2f` is its byte, also where `%` is `%25` itself, and `+` is a space. */
export const percentView: View = {
  symbol: (code) => (code === percent ? unclear : spaced(code)),
  read(text, at) {
    const {symbol, length} = percentByte(text, at);
    return {symbol: spaced(symbol), length};
  },
};

/** Base64 and hex in lines, groups or pairs: white space and colons do not count, and base64url is base64. */
export const denseView: View = {symbol: dense, read: (text, at) => plainView.read(text, at)};

/** The same inside of JSON, of source code or of a URL. */
export const escapedDenseView: View = {
  symbol: (code) => (code === backslash || code === percent ? unclear : dense(code)),
  read(text, at) {
    if (text.charCodeAt(at) === percent) {
      const {symbol, length} = percentByte(text, at);
      return {symbol: dense(symbol), length};
    }
    const end = afterRun(text, at);
    const code = unicodeEscape(text, end);
    if (code !== undefined) return {symbol: dense(code), length: end + 5 - at};
    return {symbol: nothing, length: end - at + (/[nrtx]/.test(text.charAt(end)) ? 1 : 0)};
  },
};

/** A text as the view sees it; for needles. */
export function seenBy(view: View, text: string): string {
  let seen = '';
  for (let at = 0; at < text.length; ) {
    const symbol = view.symbol(text.charCodeAt(at));
    const reading = symbol === unclear ? view.read(text, at) : {symbol, length: 1};
    if (reading.symbol !== nothing) seen += String.fromCharCode(reading.symbol);
    at += reading.length;
  }
  return seen;
}

function dense(code: number): number {
  if (code === 0x2d) return 0x2b;
  if (code === 0x5f) return 0x2f;
  const ignored = code === 0x20 || code === 0x3a || (code >= 0x09 && code <= 0x0d);
  return ignored ? nothing : code;
}

function spaced(byte: number): number {
  return byte === 0x2b ? 0x20 : byte;
}

function afterRun(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) === backslash) end += 1;
  return end;
}

/** The code of `u0041` at a place. */
function unicodeEscape(text: string, at: number): number | undefined {
  if (text.charCodeAt(at) !== 0x75) return undefined;
  const [high, low] = [hexPair(text, at + 1), hexPair(text, at + 3)];
  return high === -1 || low === -1 ? undefined : high * 0x100 + low;
}

function percentByte(text: string, at: number): Reading {
  let digits = at + 1;
  while (hexPair(text, digits) === percent && hexPair(text, digits + 2) !== -1) digits += 2;
  const byte = hexPair(text, digits);
  return byte === -1 ? {symbol: percent, length: 1} : {symbol: byte, length: digits + 2 - at};
}

/** The byte that two hex digits spell, or -1. */
function hexPair(text: string, at: number): number {
  const [high, low] = [hexDigit(text.charCodeAt(at)), hexDigit(text.charCodeAt(at + 1))];
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
