import {keyOf} from '../read/labels.js';

/** What one alternative of a dependency names. `from` and `to` are keys as {@link keyOf} gives them. */
export type Reference =
  | {readonly kind: 'id'; readonly key: string; readonly text: string}
  | {readonly kind: 'range'; readonly from: string; readonly to: string}
  | {readonly kind: 'pattern'; readonly prefix: string}
  | {readonly kind: 'previous'; readonly all: boolean}
  | {readonly kind: 'words'; readonly words: readonly string[]};

/** One term of a list of dependencies: any of its alternatives will do. */
export interface Term {
  readonly written: string;
  readonly anyOf: readonly Reference[];
}

const none = /^[\s[(]*(?:none|nothing|no dependenc(?:y|ies)|n\/a|nil|keine?r?|aucune?|ninguna?|nenhuma?|なし|无|無|[-–—])?(?:[\s,;.:()[\]\-–—]|$)/iu;
const idPattern = /^(?:\d{1,6}(?:\.(?:\d{1,6}|[a-z](?![\p{L}\p{N}]))){0,8}|[\p{L}][\p{L}\p{N}_]{0,60}(?:[-.][\p{L}\p{N}_]{1,60}){0,12}|[a-z](?:\.\d{1,4})?)(?![\p{L}\p{N}])/iu;

/**
 * Reads what a Dependencies line says: `None`, `Task Group 1`, `Task Groups 1-3`, `[pre-1, pre-2]`, `impl-* (all)`,
 * `[a OR b]`, `All previous tasks`, `Phase 1 complete`. No terms: it waits for nothing. What is in parentheses is a remark.
 */
export function parseDependencies(value: string): readonly Term[] {
  const text = value
    .slice(0, 4000)
    .replace(/\*\*|[`_](?=[\s,;\])]|$)|(?<=[\s,;[(]|^)[`_]/g, '')
    .replace(/\[([^[\]]{1,200})\]\([^()\s]{1,300}\)/g, '$1')
    .trim();
  if (isNone(text)) return [];
  let phase = '';
  return splitTop(text).flatMap((piece): readonly Term[] => {
    const written = piece.trim();
    const anyOf = withoutBrackets(written)
      .split(/\s(?:or|\|\|?)\s/i)
      .map((part) => reference(part.trim(), phase))
      .filter((found) => found !== undefined);
    const [first] = anyOf;
    // `Phases 1 and 2`: the word counts for what follows too.
    phase = first?.kind === 'id' && /^(?:phase|stage|milestone|sprint|part|section|step)-/.test(first.key) ? (first.key.split('-')[0] ?? '') : /^\d/.test(written) ? phase : '';
    return anyOf.length === 0 ? [] : [{written, anyOf}];
  });
}

/** What a title says in passing: `(Depends on: Task 3 - reason)`; and it alone without parentheses where ids follow. */
export function inlineDependencies(title: string): string | undefined {
  const found = /[([][ \t]{0,4}(?:depends on|dependenc(?:y|ies)|requires|blocked by)[ \t:]{1,4}([^()[\]]{1,400})[)\]]/i.exec(title) ?? /\bdepends on:?[ \t]{1,4}(T\d{2,5}(?:,? (?:and )?T\d{2,5}){0,40})/.exec(title);
  return found?.[1];
}

function isNone(text: string): boolean {
  if (/^[\s[\](){}.\-–—]*$/.test(text)) return true;
  const found = none.exec(text);
  // `none-of-these` would be an id.
  return found !== null && /[\p{L}]/u.test(found[0]);
}

/** Splits at commas, semicolons, `and`, `&` and `+` outside of brackets, and drops what is in parentheses. */
function splitTop(text: string): readonly string[] {
  const inner = /^\[[^[\]]*\]$/.test(text) && !/\s(?:or|\|\|?)\s/i.test(text) ? text.slice(1, -1) : text;
  const pieces: string[] = [''];
  let brackets = 0;
  let remarks = 0;
  for (const character of inner.replace(/\s(?:and|und|et|&|\+)\s/gi, ', ')) {
    if (character === '(') remarks += 1;
    else if (character === ')') remarks = Math.max(0, remarks - 1);
    else if (remarks > 0) continue;
    else if ((character === ',' || character === ';' || character === '、') && brackets === 0) pieces.push('');
    else {
      if (character === '[') brackets += 1;
      if (character === ']') brackets = Math.max(0, brackets - 1);
      pieces.push(`${pieces.pop() ?? ''}${character}`);
    }
  }
  return pieces.filter((piece) => piece.trim() !== '');
}

function withoutBrackets(text: string): string {
  return text.replace(/^\[|\]$/g, '');
}

function reference(part: string, phase: string): Reference | undefined {
  // A reason behind a dash, and words such as `complete`, say nothing about which.
  const text = part.replace(/ [-–—] .*$/, '').replace(/\s?(?:must be |should be |is |are )?(?:completed?|done|finished|first)?[.:]?$/i, '').trim();
  if (text === '') return undefined;
  if (/^(?:all|everything|every|any)(?: (?:of )?(?:the )?)?(?: ?(?:previous|prior|preceding|above|earlier|other))(?: \p{L}{1,20}){0,3}$/iu.test(text) || /^(?:everything|all(?: (?:task groups|groups|tasks|phases))?)$/i.test(text)) return {kind: 'previous', all: true};
  if (/^(?:the )?previous(?: (?:task group|group|task|phase|step))?$/i.test(text)) return {kind: 'previous', all: false};
  const placeholder = /^ALL_([A-Z0-9_]{1,80})$/.exec(text)?.[1];
  if (placeholder !== undefined) return {kind: 'words', words: placeholder.toLowerCase().split('_').filter((word) => !/^(?:tasks?|all|complete[d]?|)$/.test(word))};
  const bare = text.replace(/^all (?:of )?(?:the )?(?=\S)/i, '').replace(/(?<=\S) tasks?$/i, '');
  const pattern = /^([\p{L}\p{N}][\p{L}\p{N}_.-]{0,80})\*$/u.exec(bare)?.[1];
  if (pattern !== undefined) return {kind: 'pattern', prefix: keyOf(pattern)};
  return range(bare) ?? {kind: 'id', key: keyOf(phase !== '' && /^\d/.test(bare) ? `${phase} ${bare}` : bare), text: bare};
}

function range(text: string): Reference | undefined {
  const key = keyOf(text);
  const found = /^(?<from>[^\s–—]{1,80}?)(?<dash>\s?(?:\.\.+|–|—)\s?|\s(?:-|to|through|thru|bis)\s|-(?=t?\d))(?<to>(?:task |phase )?[^\s–—]{1,80})$/u.exec(key)?.groups;
  const from = found?.['from'] ?? '';
  const to = keyOf(found?.['to'] ?? '');
  if (from === '' || to === '' || idPattern.exec(from)?.[0] !== from || idPattern.exec(to)?.[0] !== to) return undefined;
  // `pre-1` is an id, `1-3` and `t001-t004` are ranges.
  if (found?.['dash'] === '-' && !/^(?:t?\d|[a-z]+-\d+$)/.test(from)) return undefined;
  const prefix = prefixOf(from);
  const end = /^\d+$/.test(to) && prefix !== '' ? `${prefix}${to}` : to;
  return prefixOf(end) === prefix ? {kind: 'range', from, to: end} : undefined;
}

/** All of an id but its last number: `1.` of `1.4`, `t` of `t004`, `pre-` of `pre-2`. */
export function prefixOf(key: string): string {
  let end = key.length;
  while (end > 0 && /\d/.test(key[end - 1] ?? '')) end -= 1;
  return key.slice(0, end);
}

/** The id at the start of a text that says more, such as `Task 3 for the schema`; undefined when there is none. */
export function leadingKey(text: string): string | undefined {
  const named = /^(?:task[ -]groups?|groups?|tasks?|sub-?tasks?|phases?|stages?|milestones?|sprints?|steps?)[ \t]{1,4}#?(?:\d{1,6}(?:\.(?:\d{1,6}|[A-Za-z](?![\p{L}\p{N}]))){0,8}|[A-Z](?:\.\d{1,4})?)(?![\p{L}\p{N}])/iu.exec(text)?.[0];
  const found = named ?? /^(?:\d{1,6}(?:\.\d{1,6}){1,8}|T\d{2,5}|[A-Za-z][A-Za-z0-9]{0,40}(?:-[A-Za-z0-9]{1,40}){1,12})(?=[\s:,])/.exec(text)?.[0] ?? /^\d{1,6}(?:\.\d{1,6}){0,8}(?=[:.])/.exec(text)?.[0];
  return found === undefined ? undefined : keyOf(found);
}
