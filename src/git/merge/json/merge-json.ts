import type {Versions} from '../union/regions.js';
import {scanJson, type JsonMember, type JsonNode, type JsonObject} from './scan.js';

/** Lock files are written by their tool, never merged. */
const lockFiles = /(?:^|\/)(?:package-lock|npm-shrinkwrap|[^/]*[-.]lock)\.json$/i;
/** Objects of a package.json in which the order of the keys means something (Node.js, "Conditional exports"; TypeScript, `typesVersions`). */
const orderedKeys: ReadonlySet<string> = new Set(['exports', 'imports', 'typesVersions']);

/** Whether a file is merged as JSON. */
export function isMergedAsJson(path: string): boolean {
  return path.endsWith('.json') && !lockFiles.test(path);
}

/**
 * Merges three versions of a JSON file where only one result is possible: in every object that both sides changed, all
 * keys of the base are still there in their order, no value was changed by both, and what both added has other keys.
 * The bytes are ours, with the bytes of theirs put in. Undefined for anything else: a key that was removed, moved,
 * doubled or added by both with other values; both sides in one array; a text that is no JSON, such as one with comments.
 */
export function mergeJson(path: string, {base, ours, theirs}: Versions): string | undefined {
  const nodes = {base: scanJson(base), ours: scanJson(ours), theirs: scanJson(theirs)};
  if (nodes.base === undefined || nodes.ours === undefined || nodes.theirs === undefined) return undefined;
  const merging = {texts: {base, ours, theirs}, ordered: /(?:^|\/)package\.json$/.test(path) ? orderedKeys : new Set<string>()};
  const edits = mergeNodes(merging, {base: nodes.base, ours: nodes.ours, theirs: nodes.theirs});
  if (edits === undefined) return undefined;
  const text = edited(ours, edits);
  // Not needed if all of the above is right; what is wrong here would be a wrong file in silence.
  return scanJson(text) === undefined ? undefined : text;
}

interface Merging {
  readonly texts: Versions;
  readonly ordered: ReadonlySet<string>;
}

interface Three<T> {
  readonly base: T;
  readonly ours: T;
  readonly theirs: T;
}

/** A change of the text of ours. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly put: string;
}

function edited(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const {start, end, put} of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(text.slice(from, start), put);
    from = end;
  }
  return parts.join('') + text.slice(from);
}

function mergeNodes(merging: Merging, {base, ours, theirs}: Three<JsonNode>): readonly Edit[] | undefined {
  const {texts} = merging;
  const [was, mine, yours] = [textOf(texts.base, base), textOf(texts.ours, ours), textOf(texts.theirs, theirs)];
  if (yours === was || yours === mine) return [];
  if (mine === was) return [{start: ours.start, end: ours.end, put: yours}];
  if (base.kind !== 'object' || ours.kind !== 'object' || theirs.kind !== 'object') return undefined;
  return mergeObjects(merging, {base, ours, theirs});
}

function mergeObjects(merging: Merging, {base, ours, theirs}: Three<JsonObject>): readonly Edit[] | undefined {
  if (!keepsKeys(base, ours) || !keepsKeys(base, theirs)) return undefined;
  const known = new Map(base.members.map((member) => [member.key, member]));
  const mine = new Map(ours.members.map((member) => [member.key, member]));
  const edits: Edit[] = [];
  for (const yours of theirs.members) {
    const [before, own] = [known.get(yours.key), mine.get(yours.key)];
    if (before === undefined) {
      if (own !== undefined && textOf(merging.texts.ours, own.value) !== textOf(merging.texts.theirs, yours.value)) return undefined;
      continue;
    }
    if (own === undefined) return undefined;
    const inner = mergeNodes(merging, {base: before.value, ours: own.value, theirs: yours.value});
    if (inner === undefined || (inner.length > 0 && merging.ordered.has(yours.key) && textOf(merging.texts.ours, own.value) !== textOf(merging.texts.base, before.value))) return undefined;
    for (const edit of inner) edits.push(edit);
  }
  for (const edit of insertions(merging, {known, ours, theirs})) edits.push(edit);
  return edits;
}

/** Whether a side still has every key of the base, in the order of the base. */
function keepsKeys(base: JsonObject, side: JsonObject): boolean {
  const keys = new Set(base.members.map(({key}) => key));
  const kept = side.members.filter(({key}) => keys.has(key));
  return kept.length === base.members.length && kept.every(({key}, index) => key === base.members[index]?.key);
}

/** What theirs added, each run of it behind the same key of the base as there, and behind what ours added there. */
function insertions({texts}: Merging, {known, ours, theirs}: {readonly known: ReadonlyMap<string, JsonMember>; readonly ours: JsonObject; readonly theirs: JsonObject}): readonly Edit[] {
  const mine = new Set(ours.members.map(({key}) => key));
  const ends = endsOfRuns(ours, known);
  const runs = new Map<string | undefined, string[]>();
  let behind: string | undefined;
  for (const [index, member] of theirs.members.entries()) {
    if (known.has(member.key)) behind = member.key;
    else if (!mine.has(member.key)) {
      const run = runs.get(behind) ?? [];
      run.push(spaceBefore(texts.theirs, theirs, index) + texts.theirs.slice(member.start, member.value.end));
      runs.set(behind, run);
    }
  }
  return [...runs].map(([key, added]): Edit => {
    const end = ends.get(key);
    if (end !== undefined) return {start: end, end, put: added.map((text) => `,${text}`).join('')};
    return {start: ours.start + 1, end: ours.start + 1, put: added.join(',') + (ours.members.length > 0 ? ',' : '')};
  });
}

/** For each key of the base, where the last member of ours ends that stands behind it and before the next one. */
function endsOfRuns(ours: JsonObject, known: ReadonlyMap<string, JsonMember>): ReadonlyMap<string | undefined, number> {
  const ends = new Map<string | undefined, number>();
  let behind: string | undefined;
  for (const {key, value} of ours.members) {
    if (known.has(key)) behind = key;
    ends.set(behind, value.end);
  }
  return ends;
}

/** The white space in front of a member, without the comma. */
function spaceBefore(text: string, object: JsonObject, index: number): string {
  const before = object.members[index - 1];
  const gap = text.slice(before?.value.end ?? object.start + 1, object.members[index]?.start);
  return before === undefined ? gap : gap.replace(',', '');
}

function textOf(text: string, {start, end}: JsonNode): string {
  return text.slice(start, end);
}
