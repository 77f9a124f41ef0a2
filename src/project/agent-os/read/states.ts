import type {Mark, TaskState} from '../model.js';

/** What a text says about a state; `mixed`: it says more than one thing, and `state` is the less finished. */
export interface Said {
  readonly state: TaskState;
  readonly mixed: boolean;
}

/** The same, and where in the text it stands. */
export interface SaidAt extends Said {
  readonly start: number;
  readonly end: number;
}

const emojiStates: readonly (readonly [string, TaskState])[] = [
  ['✅✔✓☑', 'complete'],
  ['⚠🚫⛔🔴🛑', 'blocked'],
  ['🔄🚧⏳🟡', 'active'],
  ['⏭⏸', 'skipped'],
  ['❌⬜🔲⚪', 'open'],
];
const emojiPattern = /[✅✔✓☑⚠🚫⛔🔴🛑🔄🚧⏳🟡⏭⏸❌⬜🔲⚪]\ufe0f?/gu;

const phrases: readonly (readonly [RegExp, TaskState])[] = [
  [/^(?:not (?:needed|required|applicable)|n\/a|skip(?:ped)?|deferred|postponed|cancell?ed|won'?t (?:do|fix)|out of scope|obsolete|superseded|replaced)(?![\p{L}\p{N}])/u, 'skipped'],
  [/^(?:partial(?:ly)?|mostly|almost|nearly|incomplete)(?![\p{L}\p{N}])/u, 'partial'],
  [/^(?:blocked|blocking issue|on[ -]hold|waiting|fail(?:ed|ing)|stuck)(?![\p{L}\p{N}])/u, 'blocked'],
  [/^(?:in[ _-]?progress|wip|ongoing|started|active|in review|working|underway)(?![\p{L}\p{N}])/u, 'active'],
  [/^(?:not|todo|to[ -]do|pending|open|ready|planned|backlog|draft|new|unstarted|queued|upcoming|tasked)(?![\p{L}\p{N}])/u, 'open'],
  [/^(?:all )?(?:completed?|done|finished|closed|verified|passed|implemented|shipped|resolved|merged|approved)(?![\p{L}\p{N}])/u, 'complete'],
];
/** Words that mean a state even in a title; others, such as `new` or `open`, are too common there. */
const strong = /^(?:todo|to[ -]do|pending|in[ -]progress|wip|blocked|on hold|skip(?:ped)?|deferred|postponed|cancell?ed|partial(?:ly)?|incomplete|completed?|done|finished|verified|n\/a|not (?:started|needed|required|done|complete|applicable))(?![\p{L}\p{N}-])/iu;
const leftOver = /\b(?:except|but|partial(?:ly)?|with (?:\w{1,20} )?(?:issues|errors|failures|problems)|failing|failed|skipped|deferred|todo|pending|blocked|remaining|incomplete|not)\b/;

/** How finished a state is, the least first: of two that contradict each other the first counts. */
const order: readonly TaskState[] = ['blocked', 'skipped', 'partial', 'active', 'open', 'dropped', 'complete'];

/** The state of a box by what stands in it, or undefined when that is not known. */
export function boxState(inner: string): TaskState | undefined {
  const text = inner.trim();
  if (text === '') return 'open';
  if (text === 'x' || text === 'X') return 'complete';
  if (text === '~' || text === '/' || text === '>') return 'active';
  if (text === '-') return 'skipped';
  if (text === '!') return 'blocked';
  return emojiState(text);
}

/** What the value of a Status line, or a cell, says; undefined when no state is understood. Fails closed: `COMPLETE (41/113)` is partial. */
export function readStatus(value: string): Said | undefined {
  const text = value.slice(0, 400).toLowerCase();
  const box = /^[\s*_`]*\[([^[\]]{0,4})\]/.exec(text);
  const emoji = [...text.matchAll(emojiPattern)].map(([found]) => emojiState(found));
  const words = text.slice(box?.[0].length ?? 0).replace(emojiPattern, ' ').replace(/[*_`~]/g, '').replace(/^[^\p{L}\p{N}]+/u, '');
  if (new Set(emoji).size > 1 && text.includes('|')) return undefined;
  const all = [box === null ? undefined : boxState(box[1] ?? ''), ...emoji, phraseState(words)].filter((state) => state !== undefined);
  const first = all[0];
  if (first === undefined) return undefined;
  const state = leastOf(all);
  return {state: state === 'blocked' && all.includes('partial') ? 'partial' : state, mixed: all.includes('complete') && state !== 'complete'};
}

function phraseState(words: string): TaskState | undefined {
  const share = /^(\d{1,3}) ?%/.exec(words);
  if (share !== null) return share[1] === '100' ? 'complete' : 'partial';
  const state = phrases.find(([pattern]) => pattern.test(words))?.[1];
  if (state !== 'complete' && state !== undefined) return state;
  const counted = words.replace(/\b(?:0|no|zero) \w{1,20}(?: \w{1,20})?/g, '');
  const short = [...words.matchAll(/(?<![\d/])(\d{1,6}) ?\/ ?(\d{1,6})(?![\d/])/g)].some(([, some, every]) => Number(some) < Number(every));
  // Without a word of its own, a rest such as `(41/113 passing)` behind an emoji still tells that something is left.
  if (short || (state === 'complete' && leftOver.test(counted))) return 'partial';
  return state;
}

/** The least finished of several states; `complete` for none. */
export function leastOf(states: readonly TaskState[]): TaskState {
  return order.find((state) => states.includes(state)) ?? 'complete';
}

/** The state that a title says of itself: an emoji before or behind it, `(TODO)`, `- **BLOCKED**`, `[DONE]`. Struck text is told by {@link isStruck}. */
export function readWords(title: string): SaidAt | undefined {
  const text = blankLinks(title);
  return behindEmoji(text) ?? inBrackets(text) ?? behindDash(text) ?? beforeTitle(text);
}

/** Whether a title begins with text that is struck out. */
export function isStruck(title: string): boolean {
  const start = /^[\s*_]*~~/.exec(title)?.[0].length;
  return start !== undefined && title.indexOf('~~', start) > start;
}

/** A mark of a status line or cell. */
export function statusMark(kind: 'status' | 'cell', at: {readonly line: number; readonly offset: number; readonly text: string}, said: Said): Mark {
  return {kind, state: said.state, line: at.line, span: {offset: at.offset, length: at.text.length}, text: at.text};
}

function behindEmoji(text: string): SaidAt | undefined {
  const last = [...text.matchAll(emojiPattern)].at(-1);
  if (last === undefined) return undefined;
  const rest = text.slice(last.index + last[0].length);
  const plain = rest.replace(/[*_`~\s]/g, ' ').trim();
  const fits = plain === '' || plain.startsWith('(') || plain === ')' || plain === ']' || (plain.length <= 200 && phraseState(plain.toLowerCase()) !== undefined);
  if (!fits || text.slice(0, last.index).replace(/[*_`~\s]/g, '') === '') return undefined;
  const said = readStatus(text.slice(last.index));
  return said === undefined ? undefined : {...said, start: openingBefore(text, last.index, rest), end: text.trimEnd().length};
}

/** Takes what opens the mark with it: white space, a dash, and the brackets or stars that close behind it. */
function openingBefore(text: string, from: number, rest: string): number {
  let at = from;
  const back = (characters: string, most: number): void => {
    for (let taken = 0; taken < most && at > 0 && characters.includes(text[at - 1] ?? 'x'); taken += 1) at -= 1;
  };
  back(' \t', 80);
  if ((rest.split('**').length - 1) % 2 === 1) back('*', 2);
  if (rest.split(')').length > rest.split('(').length) back('(', 1);
  if (rest.split(']').length > rest.split('[').length) back('[', 1);
  back(' \t', 80);
  const before = at;
  back('-–—:', 1);
  if (at < before) back(' \t', 80);
  return at;
}

function inBrackets(text: string): SaidAt | undefined {
  const end = text.trimEnd().length;
  const from = Math.max(0, end - 300);
  const tail = text.slice(from, end);
  const found = /(?:\(([^()]{1,280})\)|\[([^[\]]{1,280})\]|\*\*([^*]{1,280})\*\*)$/.exec(tail);
  const words = found?.[1] ?? found?.[2] ?? found?.[3];
  if (found === null || words === undefined || !strong.test(words.trim())) return undefined;
  const said = readStatus(words.trim());
  if (said === undefined || from + found.index === 0) return undefined;
  return {...said, start: openingBefore(text, from + found.index, ''), end};
}

function behindDash(text: string): SaidAt | undefined {
  const end = text.trimEnd().length;
  const from = Math.max(0, end - 40);
  const found = /[-–—:→] ?([A-Z][A-Z /_-]{1,30})$/.exec(text.slice(from, end));
  const said = found?.[1] !== undefined && strong.test(found[1]) ? readStatus(found[1]) : undefined;
  if (found === null || said === undefined || from + found.index === 0) return undefined;
  return {...said, start: openingBefore(text, from + found.index, ''), end};
}

function beforeTitle(text: string): SaidAt | undefined {
  const lead = /^[*_~\s]{0,8}/.exec(text)?.[0] ?? '';
  const found = [...text.slice(lead.length, lead.length + 4).matchAll(emojiPattern)][0];
  if (found?.index !== 0) return undefined;
  const state = emojiState(found[0]);
  const end = lead.length + found[0].length;
  const white = /^[ \t]{0,8}/.exec(text.slice(end))?.[0].length ?? 0;
  return state === undefined ? undefined : {state, mixed: false, start: lead.length, end: end + white};
}

/** Links as spaces, so that positions stay. */
export function blankLinks(text: string): string {
  return text.replace(/(?:(?:→|->)[ \t]?)?\[[^[\]]{0,80}\]\([^()\s]{1,300}\)/g, (link) => ' '.repeat(link.length));
}

function emojiState(emoji: string): TaskState | undefined {
  const plain = emoji.replace('\ufe0f', '');
  return plain === '' ? undefined : emojiStates.find(([all]) => all.includes(plain))?.[1];
}
