import {AppError} from '../../../core/errors.js';
import type {DraftGroup} from '../read/assemble.js';
import {everyDraft, type Draft} from '../read/draft.js';
import {keyOf, slugOf} from '../read/labels.js';
import {isDependencyField} from '../text/fields.js';
import {inlineDependencies, leadingKey, parseDependencies, prefixOf, type Reference, type Term} from './parse.js';

/** What a task waits for, as far as the file says it. */
export interface DraftDependency {
  readonly written: string;
  readonly anyOf: readonly (readonly Draft[])[];
  readonly implied: boolean;
}

/** Most terms of a file, and most tasks that they may mean together; `All previous tasks` in each of thousands would fill the memory. */
const maxTerms = 10_000;
const maxReferences = 200_000;
/** Most different ranges, patterns and words of a file: each is compared with every task. Real files have a few dozen. */
const maxSearches = 1000;

interface Known {
  readonly all: readonly Draft[];
  readonly keys: readonly {readonly draft: Draft; readonly key: string; readonly above: string}[];
  readonly roots: readonly Draft[];
  readonly byKey: ReadonlyMap<string, readonly Draft[]>;
  readonly byTitle: ReadonlyMap<string, readonly Draft[]>;
  /** Groups with the words of their titles. */
  readonly groups: readonly {readonly tasks: readonly Draft[]; readonly words: readonly string[]}[];
  /** Tasks whose ids end with a number, by what is before it. */
  readonly byPrefix: ReadonlyMap<string, readonly {readonly number: number; readonly drafts: readonly Draft[]}[]>;
  readonly rootOf: ReadonlyMap<Draft, number>;
}

/**
 * Finds the tasks that each task's dependencies mean; what means none is a problem of the task. A file without a word
 * about dependencies is in order: each task waits for the one before, but for those marked `[P]`. Throws AGENT_OS_INVALID
 * when the references are too many.
 */
export function resolveDependencies(roots: readonly Draft[], groups: readonly DraftGroup[]): ReadonlyMap<Draft, readonly DraftDependency[]> {
  const known = knownOf(roots, groups);
  const terms = new Map(known.all.map((draft) => [draft, termsOf(draft)] as const));
  if (known.all.every((draft) => terms.get(draft) === undefined)) return impliedOrder(roots);
  if ([...terms.values()].reduce((sum, all) => sum + (all?.length ?? 0), 0) > maxTerms) throw tooMany(`has more than ${maxTerms} dependencies`);
  let count = 0;
  const meanings = new Map<string, readonly Draft[]>();
  const resolved = new Map<Draft, readonly DraftDependency[]>();
  for (const [draft, all] of terms) {
    const found = (all ?? []).map((term): DraftDependency => ({written: term.written, anyOf: term.anyOf.map((reference) => meaningOnce(meanings, reference, draft, known)), implied: false}));
    count += found.reduce((sum, {anyOf}) => sum + anyOf.reduce((more, tasks) => more + tasks.length, 0), 0);
    if (count > maxReferences) throw tooMany(`has dependencies that name more than ${maxReferences} tasks together`);
    for (const {written, anyOf} of found) {
      if (anyOf.some((tasks) => tasks.length === 0)) draft.problems.push({kind: 'unknown-dependency', line: draft.line, message: `${draft.id} depends on \`${written.slice(0, 120)}\`, which names no task of the file`});
    }
    if (found.length > 0) resolved.set(draft, found);
  }
  return resolved;
}

function tooMany(what: string): AppError {
  return new AppError('AGENT_OS_INVALID', `The tasks file ${what}.`, {hint: 'Split it, or name groups instead of tasks.'});
}

function knownOf(roots: readonly Draft[], groups: readonly DraftGroup[]): Known {
  const all = everyDraft(roots);
  const keys = all.map((draft) => ({draft, key: keyOf(draft.id), above: draft.parent === undefined ? '' : keyOf(draft.parent.id)}));
  const byKey = new Map<string, Set<Draft>>();
  const byTitle = new Map<string, Set<Draft>>();
  const add = (map: Map<string, Set<Draft>>, key: string, drafts: readonly Draft[]): void => {
    const held = map.get(key) ?? new Set();
    for (const draft of drafts) held.add(draft);
    map.set(key, held);
  };
  for (const {draft, key} of keys) {
    add(byKey, key, [draft]);
    if (draft.form === 'heading' || draft.parent === undefined) add(byTitle, slugOf(draft.title), [draft]);
  }
  for (const draft of all) for (const alias of draft.aliases) if (!byKey.has(keyOf(alias))) add(byKey, keyOf(alias), [draft]);
  for (const group of groups) if (!byKey.has(keyOf(group.id))) add(byKey, keyOf(group.id), group.tasks);
  const rootOf = new Map(roots.flatMap((root, index) => everyDraft([root]).map((draft) => [draft, index] as const)));
  const lists = (map: ReadonlyMap<string, ReadonlySet<Draft>>): ReadonlyMap<string, readonly Draft[]> => new Map([...map].map(([key, drafts]) => [key, [...drafts]]));
  const named = groups.map(({title, tasks}) => ({tasks, words: slugOf(title).split('-')}));
  return {all, keys, roots, byKey: lists(byKey), byTitle: lists(byTitle), byPrefix: byPrefixOf(byKey), groups: named, rootOf};
}

function byPrefixOf(byKey: ReadonlyMap<string, ReadonlySet<Draft>>): Known['byPrefix'] {
  const found = new Map<string, {readonly number: number; readonly drafts: readonly Draft[]}[]>();
  for (const [key, drafts] of byKey) {
    const prefix = prefixOf(key);
    if (prefix.length === key.length) continue;
    const held = found.get(prefix) ?? [];
    held.push({number: Number(key.slice(prefix.length)), drafts: [...drafts]});
    found.set(prefix, held);
  }
  return found;
}

function termsOf(draft: Draft): readonly Term[] | undefined {
  const said = [...draft.fields.filter(isDependencyField).map(({value}) => value), ...[inlineDependencies(draft.title)].filter((value) => value !== undefined)];
  return said.length === 0 ? undefined : said.flatMap(parseDependencies);
}

/** What does not depend on who asks is looked up once. */
function meaningOnce(meanings: Map<string, readonly Draft[]>, reference: Reference, draft: Draft, known: Known): readonly Draft[] {
  if (reference.kind === 'previous') return previousOf(draft, known, reference.all);
  if (reference.kind === 'id') return meaning(reference, known);
  const name = JSON.stringify(reference);
  const found = meanings.get(name) ?? meaning(reference, known);
  meanings.set(name, found);
  if (meanings.size > maxSearches) throw tooMany(`has more than ${maxSearches} different ranges and patterns of dependencies`);
  return reference.kind === 'pattern' ? found.filter((other) => other !== draft) : found;
}

function meaning(reference: Exclude<Reference, {readonly kind: 'previous'}>, known: Known): readonly Draft[] {
  switch (reference.kind) {
    case 'pattern':
      return known.keys.filter(({key, above}) => key.startsWith(reference.prefix) && !above.startsWith(reference.prefix)).map(({draft}) => draft);
    case 'range':
      return between(reference.from, reference.to, known);
    case 'words':
      return known.groups.filter(({words}) => reference.words.length > 0 && hasWords(words, reference.words)).flatMap((group) => group.tasks);
    case 'id':
      return known.byKey.get(reference.key) ?? known.byTitle.get(slugOf(reference.text)) ?? known.byKey.get(leadingKey(reference.text) ?? '') ?? [];
  }
}

/** `ALL_COMPONENT_VALIDATION_TASKS` means the tasks under `Phase 4: Component Validation`. */
function hasWords(parts: readonly string[], words: readonly string[]): boolean {
  return words.every((word) => parts.some((part) => part.startsWith(word.replace(/s$/, ''))));
}

function previousOf(draft: Draft, {roots, rootOf}: Known, all: boolean): readonly Draft[] {
  const siblings = draft.parent === undefined ? [] : draft.parent.children.slice(0, draft.parent.children.indexOf(draft));
  const root = rootOf.get(draft) ?? 0;
  if (!all) return siblings.length > 0 ? siblings.slice(-1) : roots.slice(Math.max(0, root - 1), root);
  return [...roots.slice(0, root), ...siblings];
}

/** Both ends must exist; a gap between them is none of the range. */
function between(from: string, to: string, {byKey, byPrefix}: Known): readonly Draft[] {
  if (!byKey.has(from) || !byKey.has(to)) return [];
  const prefix = prefixOf(from);
  const first = Number(from.slice(prefix.length));
  const last = Number(to.slice(prefix.length));
  return (byPrefix.get(prefix) ?? []).flatMap(({number, drafts}) => (number >= first && number <= last ? drafts : []));
}

function impliedOrder(roots: readonly Draft[]): ReadonlyMap<Draft, readonly DraftDependency[]> {
  const resolved = new Map<Draft, readonly DraftDependency[]>();
  let together: Draft[] = [];
  let before: readonly Draft[] = [];
  for (const draft of roots) {
    if (!draft.parallel || together[0]?.parallel !== true) {
      before = together;
      together = [];
    }
    if (before.length > 0) resolved.set(draft, before.map((other) => ({written: other.id, anyOf: [[other]], implied: true})));
    together.push(draft);
  }
  return resolved;
}
