import {blankLinks} from './states.js';

/**
 * What names a task in its line. `number`: `1.` or `1.2`; `ticket`: `T001`, `PRE-1`; `slug`: `impl-api`; `task`, `group`
 * and `phase`: a word with a number, as headings have it.
 */
export interface Label {
  readonly kind: 'number' | 'ticket' | 'slug' | 'task' | 'group' | 'phase';
  /** As written, without its word (but `phase-1` for a phase) and without a stop. */
  readonly id: string;
  /** What follows, without markup around it. */
  readonly title: string;
}

const number = String.raw`\d{1,6}(?:\.(?:\d{1,6}|[A-Za-z](?![\p{L}\p{N}]))){0,8}`;
const separator = String.raw`(?:[*_~\x60]{0,4}(?:[:：.)]|[ \t]{1,4}[-–—])[*_~\x60]{0,4}(?:[ \t]+|$)|[*_~\x60]{1,4}(?:[ \t]+|$)|$)`;
const opening = String.raw`^[*_~\x60]{0,6}`;

const taskWords = 'task|sub-?task|story|aufgabe|teilaufgabe|tâche|tarea|tarefa|compito|attività|taak|zadanie|задача|任务|任務|タスク|작업';
const groupWords = 'task[ -]group|group|aufgabengruppe';
const phaseWords = 'phase|stage|milestone|sprint|part|section|step|fase|étape|etapa|этап|阶段|フェーズ|단계';

const patterns = {
  word: new RegExp(`${opening}(?<word>${groupWords}|${taskWords}|${phaseWords})(?:[ \\t_-]{0,4}#?(?=\\d)|[ \\t]{1,4})(?<id>${number}|[A-Z](?:\\.\\d{1,4})?(?![\\p{L}\\p{N}]))${separator}`, 'iu'),
  ticketBare: new RegExp(`${opening}(?<id>T\\d{2,5})(?:[*_~\\x60]{0,4}[:：.]?[*_~\\x60]{0,4})(?:[ \\t]+|$)`, 'u'),
  ticket: new RegExp(`${opening}(?<id>[A-Z][A-Z0-9]{0,15}(?:-[A-Z0-9]{1,15}){0,3}-\\d{1,6}[a-z]?)${separator}`, 'u'),
  single: new RegExp(`${opening}(?<id>\\d{1,6})(?:[*_~\\x60]{0,4}(?:[.):：]|[ \\t][-–—])[*_~\\x60]{0,4}(?:[ \\t]+|$))`, 'u'),
  dotted: new RegExp(`${opening}(?<id>\\d{1,6}(?:\\.(?:\\d{1,6}|[A-Za-z](?![\\p{L}\\p{N}]))){1,8})(?:[*_~\\x60]{0,4}[.):：]?[*_~\\x60]{0,4}(?:[ \\t]+(?:[-–—][ \\t]+)?|$))`, 'u'),
  slugMarked: /^(?:\*\*|__|`)+(?<id>[A-Za-z][A-Za-z0-9]{0,40}(?:[-_.][A-Za-z0-9]{1,40}){1,12})(?:[:：]?(?:\*\*|__|`)+)[:：]?(?:[ \t]+(?:[-–—→][ \t]*)?|$)/u,
  slugPlain: /^(?<id>[a-z][a-z0-9]{0,40}(?:-[a-z0-9]{1,40}){1,12})(?:[:：][ \t]+|[ \t]{1,4}[-–—→][ \t]+)/u,
};

const words = {
  group: new RegExp(`^(?:${groupWords})$`, 'iu'),
  task: new RegExp(`^(?:${taskWords})$`, 'iu'),
  before: new RegExp(`^(?:${groupWords}|groups|task groups|${taskWords}|tasks)(?:[ \\t]{1,4}#?|(?=\\d))(?=.)`, 'u'),
  phase: new RegExp(`^(${phaseWords})s?[ \\t_]{1,4}(?=[\\p{L}\\p{N}])`, 'u'),
};

/** Reads the label of a box's or heading's text, or undefined. Titles are never long enough to matter, so patterns are bounded. */
export function readLabel(text: string): Label | undefined {
  const bare = text.trimStart();
  const word = patterns.word.exec(bare)?.groups;
  if (word?.['word'] !== undefined && word['id'] !== undefined) return wordLabel(word['word'], word['id'], rest(bare, patterns.word));
  const plain: readonly (readonly [Label['kind'], RegExp])[] = [
    ['ticket', patterns.ticketBare],
    ['ticket', patterns.ticket],
    ['number', patterns.dotted],
    ['number', patterns.single],
    ['slug', patterns.slugMarked],
    ['slug', patterns.slugPlain],
  ];
  for (const [kind, pattern] of plain) {
    const id = pattern.exec(bare)?.groups?.['id'];
    if (id !== undefined) return {kind, id, title: rest(bare, pattern)};
  }
  return undefined;
}

function wordLabel(word: string, id: string, title: string): Label {
  if (words.group.test(word)) return {kind: 'group', id, title};
  if (words.task.test(word)) return {kind: 'task', id, title};
  return {kind: 'phase', id: `${word.toLowerCase()}-${id.toLowerCase()}`, title};
}

function rest(text: string, pattern: RegExp): string {
  return cleanTitle(text.slice(pattern.exec(text)?.[0].length ?? 0));
}

/** A title without the link to its details and without markup that was opened before it. */
export function cleanTitle(text: string): string {
  const title = blankLinks(text).trim().replace(/(?:→|->)$/, '').trimEnd();
  for (const mark of ['**', '__', '~~', '`']) {
    if ((title.split(mark).length - 1) % 2 === 1 && title.endsWith(mark)) return title.slice(0, -mark.length).trimEnd();
  }
  return title.trimEnd();
}

/** What two spellings of the same id have in common: case, `task-`, `Task `, `Task Group `, a last stop or ` complete` do not matter. */
export function keyOf(id: string): string {
  const plain = id.normalize('NFC').trim().toLowerCase().replace(/^[*_`#[\]()]{1,6}|[*_`[\]().:]{1,6}$/g, '');
  return plain.replace(words.before, '').replace(/^task[-_](?=.)/, '').replace(words.phase, '$1-');
}

/** A title as an id: letters and digits of any script, joined by `-`, at most 60 characters; `task` for a title of neither. */
export function slugOf(title: string): string {
  const slug = title
    .slice(0, 400)
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
  const short = Array.from(slug).slice(0, 60).join('').replace(/-$/, '');
  return short === '' ? 'task' : short;
}
