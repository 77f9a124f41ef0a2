import {escapeText} from '../../core/escape.js';
import type {Fact, Stack} from '../../project/stack/fact.js';

const words = {'package-manager': 'package manager', 'test-command': 'test command', 'build-command': 'build command'} as const;
/** Most facts of one kind that are printed; `--json` has all. */
const maxShown = 8;

/** What was seen, how sure it is, and where; then what was not. One line a fact. */
export function stackLines({facts, missing, problems}: Stack): readonly string[] {
  const kinds = [...new Set(facts.map((fact) => fact.kind))];
  return [
    ...kinds.flatMap((kind) => kindLines(kind, facts.filter((fact) => fact.kind === kind))),
    ...(missing.length === 0 ? [] : [`not seen: ${missing.map(word).join(', ')}`]),
    ...problems.map(({file, problem}) => `${escapeText(file)} ${escapeText(problem)}, so nothing was seen in it`),
  ];
}

function kindLines(kind: Fact['kind'], facts: readonly Fact[]): readonly string[] {
  const lines = facts.slice(0, maxShown).map((fact) => `${word(kind).padEnd(15)}  ${fact.certainty.padEnd(7)}  ${escapeText(fact.value)}  (${escapeText(fact.file)}: ${escapeText(fact.seen)})`);
  return facts.length <= maxShown ? lines : [...lines, `${word(kind).padEnd(15)}  and ${facts.length - maxShown} more; --json has all`];
}

function word(kind: Fact['kind']): string {
  return Object.hasOwn(words, kind) ? words[kind as keyof typeof words] : kind;
}
