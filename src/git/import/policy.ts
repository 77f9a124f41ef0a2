import {escapeText} from '../../core/escape.js';
import type {TreeFile} from '../../core/tree.js';
import {baseTreeOf, type BaseTree} from './base-tree.js';
import {byPath, isPut, type Change, type ImportPolicy, type Put, type Refusal} from './change.js';
import type {ImportLimits} from './limits.js';
import type {Links} from './links.js';
import {linkProblem, nameProblem} from './names.js';
import {sidesOf} from './shape.js';
import {treeProblems} from './tree-problems.js';

/** Everything that a decision is made of. */
export interface Deciding {
  readonly base: readonly TreeFile[];
  /** Targets of the links of the base. */
  readonly baseLinks: Links;
  readonly changes: readonly Change[];
  /** New paths that git would ignore. */
  readonly ignored: ReadonlySet<string>;
  readonly policy: ImportPolicy;
  readonly limits: ImportLimits;
}

/** What of an export becomes the submission. */
export interface Decision {
  /** One per path, sorted; deletions are of paths of the base. */
  readonly accepted: readonly Change[];
  readonly refused: readonly Refusal[];
  /** Ignored entries that nobody asked for. */
  readonly ignored: number;
}

/** Rounds after which nothing is taken any more: each refusal changes the tree that the rest is judged in. */
const maxRounds = 10;

/**
 * Decides, purely, what of an export is taken: only what differs from the base; nothing ignored, unsafe or outside the
 * scope; nothing that would be unsafe in the resulting tree. What was odd in the base and is unchanged stays.
 */
export function decide(deciding: Deciding): Decision {
  const base = baseTreeOf(deciding.base);
  const real = [...deciding.changes, ...impliedDeletions(base, deciding.changes)].filter((change) => isReal(change, base));
  const {kept, refused, ignored} = siftIgnored(real, deciding);
  const refusals = new Map<string, Refusal>();
  const refuse = (path: string, code: Refusal['code'], why: string) => refusals.set(path, {path: escapeText(path), code, why});
  for (const change of kept) {
    const problem = ownProblem(change, deciding.limits);
    if (problem !== undefined) refuse(change.path, 'UNSAFE_NAME', problem);
    else if (!deciding.policy.mayWrite(change.path)) refuse(change.path, 'SCOPE_VIOLATION', 'is outside the write scope');
  }
  let accepted = kept.filter((change) => !refusals.has(change.path));
  for (const change of overCaps(accepted, base, deciding)) refuse(change.path, 'UNSAFE_NAME', 'is more than one submission may hold');
  for (let round = 0; ; round += 1) {
    accepted = accepted.filter((change) => !refusals.has(change.path));
    const problems = round < maxRounds ? treeProblems(accepted, deciding) : new Map(accepted.map(({path}) => [path, {code: 'UNSAFE_NAME', why: 'is part of links that depend on each other'} as const]));
    if (problems.size === 0) break;
    for (const [path, {code, why}] of problems) refuse(path, code, why);
  }
  return {accepted: [...accepted].sort(byPath), refused: [...refused, ...refusals.values()].sort(byPath), ignored};
}

/** A deleted folder is the deletion of every file of the base in it that did not come again. */
function impliedDeletions(base: BaseTree, changes: readonly Change[]): readonly Change[] {
  const present = new Set(changes.map((change) => change.path));
  const implied = new Set<string>();
  for (const folder of sidesOf(changes).deleted) for (const path of base.below(folder)) if (!present.has(path)) implied.add(path);
  return [...implied].map((path): Change => ({kind: 'deleted', path}));
}

function isReal(change: Change, base: BaseTree): boolean {
  const before = base.get(change.path);
  if (change.kind === 'deleted') return before !== undefined;
  return !isPut(change) || before?.mode !== change.kind || before.oid !== change.oid || before.size !== change.size;
}

function siftIgnored(changes: readonly Change[], {ignored, policy}: Deciding): {readonly kept: readonly Change[]; readonly refused: readonly Refusal[]; readonly ignored: number} {
  const [wanted, allowed] = [new Set(policy.wanted), new Set(policy.allowIgnored)];
  const isLeftOut = (change: Change) => ignored.has(change.path) && !allowed.has(change.path);
  const refused = changes.filter((change) => isLeftOut(change) && wanted.has(change.path));
  return {
    kept: changes.filter((change) => !isLeftOut(change)),
    refused: refused.map(({path}) => ({path: escapeText(path), code: 'FILE_IGNORED', why: 'is ignored by .gitignore'})),
    ignored: changes.filter(isLeftOut).length - refused.length,
  };
}

/** What is wrong with a change by itself, or undefined; goes on the sentence "the path …". */
export function ownProblem(change: Change, limits: ImportLimits): string | undefined {
  // What is odd in the base may be deleted.
  if (change.kind === 'deleted') return undefined;
  const named = nameProblem(change.path, limits.maxDepth);
  if (named !== undefined) return named;
  if (change.kind === 'special') return `is a special file (${change.what})`;
  return change.problem ?? (change.kind === 'symlink' ? linkProblem(change.path, change.target) : undefined);
}

/** What goes over the caps, deliverables and files of the base last. */
function overCaps(changes: readonly Change[], base: BaseTree, {policy, limits}: Deciding): readonly Change[] {
  const wanted = new Set(policy.wanted);
  const rank = ({path}: Change) => (wanted.has(path) ? 0 : base.get(path) !== undefined ? 1 : 2);
  let count = 0;
  let bytes = 0;
  return [...changes].sort((a, b) => rank(a) - rank(b) || byPath(a, b)).filter((change) => {
    const size = isPut(change) ? (change satisfies Put).size : 0;
    if (count + 1 > limits.maxChanged || bytes + size > limits.maxTotalBytes) return true;
    count += 1;
    bytes += size;
    return false;
  });
}
