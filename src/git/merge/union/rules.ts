import {joinItems, joinNames, joinRows} from './prose.js';

/** What both sides added at one place, in lines with their ends. */
export interface Added {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
  /** The merged text above it. */
  readonly before: string;
  /** The next line below it that is not blank: empty at the end of the file, undefined when it is not known. */
  readonly after: string | undefined;
}

/** A kind of file to which lines are only ever added, and in which the order of two additions means nothing. */
export interface UnionRule {
  readonly paths: RegExp;
  /** Both additions as one; undefined where that could mean something else than both. */
  readonly join: (added: Added) => readonly string[] | undefined;
  /** What must hold of the whole result besides. */
  readonly holds?: (text: string) => boolean;
}

/** `export {a, b as c} from './x.js';` on one line; stars are no names, and what they hide cannot be seen here. */
const reExport = /^export (?:type )?\{([^{}]*)\} from (['"])[^'"\n]+\2;?[ \t]*\r?\n$/;
/** `pub(crate) mod name;` */
const rustModule = /^(?:pub(?:\((?:crate|super|self)\))? )?mod ([A-Za-z_][A-Za-z0-9_]*);[ \t]*\r?\n$/;

/**
 * The files that are merged by union. Anything else that conflicts stays a conflict: code, configuration, YAML, lock
 * files. A wrong union is worse than a conflict, so each rule takes only additions of a form in which order is nothing.
 */
export const unionRules: readonly UnionRule[] = [
  {
    paths: /(?:^|\/)(?:change-?log|changes|history|news|releases?|release[-_ ]?notes|readme|todo|authors|contributors|credits|thanks|maintainers)(?:\.(?:md|markdown|rst|txt|adoc))?$/i,
    join: (added) => joinItems(added) ?? joinRows(added),
  },
  {paths: /(?:^|\/)(?:authors|contributors|credits|thanks|maintainers)(?:\.(?:md|markdown|rst|txt|adoc))?$/i, join: joinNames},
  {
    paths: /(?:^|\/)index\.[cm]?[jt]sx?$/,
    join: (added) => (inComment(added.before) ? undefined : joinLines(added, (line) => reExport.test(line))),
    holds: (text) => isUnique(namesIn(text)),
  },
  {
    paths: /(?:^|\/)(?:mod|lib|main)\.rs$/,
    join: (added) => (inComment(added.before) ? undefined : joinLines(added, (line) => rustModule.test(line))),
    holds: (text) => isUnique(text.split(/(?<=\n)/).flatMap((line) => rustModule.exec(line)?.[1] ?? [])),
  },
  // A pattern that takes another one back (`!keep`) makes the order mean something.
  {paths: /(?:^|\/)\.(?:git|docker|npm|prettier|eslint)ignore$/, join: (added) => joinLines(added, (line) => !line.startsWith('!'))},
];

/** Every line of both, when each of them is of a form of which order means nothing. */
function joinLines({ours, theirs}: Added, isFine: (line: string) => boolean): readonly string[] | undefined {
  return [...ours, ...theirs].every(isFine) ? [...ours, ...theirs] : undefined;
}

function namesIn(text: string): readonly string[] {
  const lists = text.split(/(?<=\n)/).flatMap((line) => reExport.exec(line)?.[1]?.split(',') ?? []);
  return lists.map((name) => name.trim().replace(/^type /, '').replace(/^.* as /, '')).filter((name) => name !== '');
}

function isUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

/** Whether a text may end inside a comment or a template: on any doubt it does. */
function inComment(text: string): boolean {
  return text.lastIndexOf('/*') > text.lastIndexOf('*/') || text.split('`').length % 2 === 0;
}
