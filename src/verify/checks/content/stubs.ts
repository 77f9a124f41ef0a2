import type {ClassFacts, FunctionFacts, SourceFacts} from '../../../code/facts/types.js';

/** A placeholder in a file. */
export interface Stub {
  /** Stable within the file. */
  readonly key: string;
  readonly line: number;
  /** What it is, as the rest of a sentence about the file. */
  readonly what: string;
}

/** Marks of work that is left, where a comment begins with one. */
const leftOver = /^(?:TODO|FIXME|XXX)\b/;
/** Functions that do nothing by their name. */
const idleName = /^_*(?:no_?op|nop|empty|ignore|do_?nothing|identity|void)/i;
/** Classes that are there to be extended, by their name. */
const baseName = /^(?:Abstract|Base|I[A-Z])|(?:Base|Mixin|Protocol|Interface)$/;

/**
 * The placeholders that a file has now and did not have on the base: exported functions without anything in them,
 * functions that only throw that they are not implemented, comments that begin with TODO, FIXME or XXX. Not meant are
 * methods of classes that are there to be extended, and functions whose name says that they do nothing. Pure.
 */
export function newStubs(now: SourceFacts, base: SourceFacts | undefined, classes: readonly ClassFacts[] = now.classes): readonly Stub[] {
  const before = counted(base === undefined ? [] : stubsOf(base, [...base.classes, ...classes]));
  return stubsOf(now, classes).filter(({key}) => {
    const left = before.get(key) ?? 0;
    before.set(key, left - 1);
    return left <= 0;
  });
}

function counted(stubs: readonly Stub[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const {key} of stubs) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function stubsOf(facts: SourceFacts, classes: readonly ClassFacts[]): readonly Stub[] {
  const functions = facts.functions.flatMap((found) => {
    const kind = stubKind(found, facts, classes);
    const name = [...found.within, found.name].filter((part) => part !== '').join('.');
    return kind === undefined ? [] : [{key: `${name}:${found.body}`, line: found.line, what: `has \`${name}\` ${kind}`}];
  });
  const comments = facts.comments.filter(({text}) => leftOver.test(text)).map(({line, text}) => ({key: text, line, what: `says that work is left: ${JSON.stringify(text.slice(0, 120))}`}));
  return [...functions, ...comments];
}

function stubKind({name, within, body}: FunctionFacts, facts: SourceFacts, classes: readonly ClassFacts[]): string | undefined {
  if (body === 'empty') return within.length === 0 && facts.outline.exports.includes(name) && !idleName.test(name) ? 'without anything in it' : undefined;
  if (body !== 'not-implemented') return undefined;
  const owner = within.at(-1);
  const isExtended = owner !== undefined && (baseName.test(owner) || classes.some((each) => (each.name === owner && each.isAbstract) || each.bases.includes(owner)));
  return isExtended ? undefined : 'that only says that it is not implemented';
}
