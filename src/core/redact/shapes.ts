import {buildAutomaton} from './automaton.js';

/** What must stand before a token: nothing of a word, or the end of an escape (`\n`, `%20`, a colour). */
const before = String.raw`(?:^|[^\w-]|\\[nrtbf]|%[0-9a-fA-F]{2}|\u001b\[[\d;]{0,20}m)`;

interface Shape {
  /** How it begins: a text is looked at further only where this stands. */
  readonly sign: string;
  /** Sticky, from the sign on. What stands before the secret itself is its first group, where it has one. */
  readonly pattern: RegExp;
}

/** The longest tokens are signed ones with many claims; servers take 8 KiB of headers. A bound, since V8 keeps a place to go back to for every character. */
const maxTokenCharacters = 8192;
const most = `,${maxTokenCharacters}}`;

function token(sign: string, rest: string): Shape {
  return {sign, pattern: new RegExp(`(?<=${before})${sign.replaceAll('.', '\\.')}${rest}`, 'y')};
}

/** Digits and capitals within the first characters: names of classes and packages have none of one of them. */
const mixed = '(?=[\\w-]{0,60}\\d)(?=[\\w-]{0,60}[A-Z])';

/** Prefixes that the providers document for their keys; lengths are lower bounds. */
const tokens: readonly Shape[] = [
  token('sk-ant-', `[\\w-]{16${most}`),
  token('sk-', `${mixed}[\\w-]{20${most}`),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((sign) => token(sign, `[A-Za-z0-9]{16${most}`)),
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((sign) => token(sign, `[A-Za-z0-9]{30${most}`)),
  token('github_pat_', `\\w{22${most}`),
  token('glpat-', `[\\w-]{20${most}`),
  ...['xoxa-', 'xoxb-', 'xoxp-', 'xoxr-', 'xoxs-'].map((sign) => token(sign, `[A-Za-z0-9-]{10${most}`)),
  ...['AKIA', 'ASIA'].map((sign) => token(sign, '[A-Z0-9]{16}(?![A-Za-z0-9])')),
  token('AIza', '[\\w-]{35}(?![\\w-])'),
  token('npm_', '[A-Za-z0-9]{36}(?![A-Za-z0-9])'),
  token('pypi-', `${mixed}[\\w-]{32${most}`),
  token('hf_', `[A-Za-z0-9]{30${most}`),
  ...['dop_v1_', 'doo_v1_', 'dor_v1_'].map((sign) => token(sign, '[0-9a-f]{64}')),
  token('SG.', `[\\w-]{16${most}\\.[\\w-]{16${most}`),
  token('eyJ', `[\\w-]{8${most}\\.eyJ[\\w-]{8${most}\\.[\\w-]{8${most}`),
];

/** Secrets by their place. A placeholder such as `$PASSWORD`, `{password}`, `<password>`, `***` or `YOUR_TOKEN` stays. */
const places: readonly Shape[] = [
  {sign: '://', pattern: /(:\/\/[^\s/?#@:"'<>\\]{0,256}:)(?![$<{*[%])[^\s/?#@"'<>\\]{1,256}(?=@)/y},
  ...['authorization', 'Authorization', 'AUTHORIZATION'].map((sign) => ({
    sign,
    pattern: new RegExp(String.raw`(${sign}(?:\\?["'])?[ \t]{0,4}[:=][ \t]{0,4}(?:\\?["'])?(?:[Bb]earer|BEARER|[Bb]asic|BASIC|[Tt]oken|TOKEN)[ \t]{1,4})(?![A-Z_]{0,40}(?![\w.~+/=-]))[\w.~+/=-]{8${most}`, 'y'),
  })),
];

const shapes = [...tokens, ...places];
const signs = buildAutomaton(shapes.map(({sign}) => sign));

const keyBegin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const keyEnd = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const keyEndHere = new RegExp(`^${keyEnd.source}`);
/** Headers of an encrypted key, then base64 in lines, also with escaped line ends. A key of 16,384 bits has 12,500 characters. */
const keyBody = /(?:(?:[ \t\r]|\\[nr]){0,8}\n?(?:Proc-Type|DEK-Info|Version|Comment): ?[^\n\\]{0,100}){0,4}[A-Za-z0-9+/=\s\\]{0,32768}/y;

/** Takes tokens out of a text by their shape. Line breaks within one stay. */
export function hideShapes(value: string): string {
  const text = hideKeys(value);
  let hidden = '';
  let from = 0;
  eachSign(text, ({sign, pattern}, end) => {
    pattern.lastIndex = end - sign.length;
    if (pattern.lastIndex < from) return;
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) return;
    hidden += `${text.slice(from, start)}${match[1] ?? ''}[secret]`;
    from = start + match[0].length;
  });
  return hidden + text.slice(from);
}

function eachSign(text: string, tell: (shape: Shape, end: number) => void): void {
  const {next, width, classes, ended} = signs;
  let state = 0;
  for (let at = 0; at < text.length; at += 1) {
    state = next[state * width + (classes[text.charCodeAt(at)] ?? 0)] ?? 0;
    const index = ended[state] ?? -1;
    // Asked first: an array that is asked for what it has not is many times slower.
    const shape = index === -1 ? undefined : shapes[index];
    if (shape !== undefined) tell(shape, at + 1);
  }
}

/** Where the first token begins that the end of a text may have only a part of; the length of the text when there is none. */
export function openTokenAt(text: string): number {
  let start = text.length;
  while (start > 0 && text.length - start < maxTokenCharacters && /[\w.+/=~-]/.test(text.charAt(start - 1))) start -= 1;
  const word = text.slice(start);
  const begins = tokens.map(({sign}) => word.indexOf(sign)).filter((at) => at !== -1);
  return begins.length === 0 ? text.length : start + Math.min(...begins);
}

/** Where the rest of a word ends at the beginning of a text that may be the rest of a token; 0 when it is an ordinary word. */
export function restOfTokenEnd(text: string): number {
  const word = /^[\w.+/=~-]*/.exec(text.slice(0, maxTokenCharacters))?.[0] ?? '';
  return word.length >= 8 && /\d/.test(word) && /[A-Za-z]/.test(word) ? word.length : 0;
}

/** Private keys, whole or without their end or beginning, since an output may be cut. */
function hideKeys(text: string): string {
  if (!text.includes('PRIVATE KEY')) return text;
  return hideTails(hideWhole(text));
}

function hideWhole(text: string): string {
  let hidden = '';
  let from = 0;
  for (const {index, 0: begin} of text.matchAll(keyBegin)) {
    const body = index + begin.length;
    if (index < from) continue;
    keyBody.lastIndex = body;
    const length = keyBody.exec(text)?.[0].length ?? 0;
    if (!holdsKey(text.slice(body, body + length))) continue;
    const end = keyEndHere.exec(text.slice(body + length, body + length + 100))?.[0].length ?? 0;
    hidden += text.slice(from, index) + hiddenLines(text.slice(index, body + length + end));
    from = body + length + end;
  }
  return hidden + text.slice(from);
}

/** Lines of base64 right before an end without a beginning. */
function hideTails(text: string): string {
  let hidden = '';
  let from = 0;
  for (const {index, 0: end} of text.matchAll(keyEnd)) {
    let start = index;
    while (start > from && index - start < 32_768 && /[A-Za-z0-9+/=\s\\]/.test(text.charAt(start - 1))) start -= 1;
    if (!holdsKey(text.slice(start, index))) continue;
    hidden += text.slice(from, start) + hiddenLines(text.slice(start, index + end.length));
    from = index + end.length;
  }
  return hidden + text.slice(from);
}

/** Prose and code that only name a key have no such run. */
function holdsKey(body: string): boolean {
  return /[A-Za-z0-9+/=]{16}/.test(body);
}

function hiddenLines(lines: string): string {
  return `[secret]${lines.replace(/[^\n]+/g, '')}`;
}
