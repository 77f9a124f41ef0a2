import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {TreeReader} from '../../core/tree.js';
import type {Checkout} from '../../git/freeze/checkout.js';
import type {FrozenDirty} from '../../git/freeze/dirty/freeze-dirty.js';
import type {Repository} from '../../git/repository.js';
import type {Context} from '../command.js';
import type {ProjectContext} from '../project-context.js';
import {currentRedactor} from '../secrets.js';
import {baseNotes, findLikelySecrets, openStoreRepository, resolveCommit, treeAt} from '../wire.js';

/** Where a run starts, and what is there. */
export interface Base {
  /** Full id. */
  readonly commit: string;
  /** The commit of the user's that it was made on, when it is the checkout as it stood. */
  readonly onto?: string | undefined;
  readonly tree: Pick<TreeReader, 'list' | 'read'>;
}

/** Paths of one kind that are told one by one. */
const maxTold = 200;

/** A commit of the user's repository, by its full id. */
export function committedBase(checkout: Checkout, commit: string): Base {
  return {commit, tree: treeAt(checkout, commit)};
}

/**
 * Where a run starts: the commit that the manifest names, or, when the checkout is to be taken along, a commit of it as it
 * stands, under the refs of the run that it is for. Says what a person should know of either before anything starts.
 * Throws COMMIT_NOT_FOUND, CHECKOUT_NOT_FREEZABLE, REPOSITORY_UNSUPPORTED; USAGE when the checkout is not at that commit.
 */
export async function readBase(context: Context, project: ProjectContext, {wanted, dirtyFor}: {readonly wanted: string; readonly dirtyFor: string | undefined}): Promise<Base> {
  const {signal} = context;
  const {checkout} = project;
  const commit = await resolveCommit(checkout, wanted, signal);
  for (const note of await baseNotes(checkout, commit, signal)) context.say(note);
  if (dirtyFor === undefined) return committedBase(checkout, commit);
  if (commit !== checkout.head) {
    throw new AppError('USAGE', `--include-dirty starts from the checkout, which is at ${checkout.head.slice(0, 12)}, but the manifest names another base, \`${escapeText(wanted)}\`.`, {hint: 'Check that commit out, or leave out --include-dirty.'});
  }
  return dirtyBase(context, project, dirtyFor);
}

/** Forgets what was frozen for a run that did not begin. */
export async function dropFrozen(project: ProjectContext, runId: string): Promise<void> {
  // In its own time: what stopped the run may be an abort.
  const signal = AbortSignal.timeout(dropMs);
  await (await openStoreRepository(project.store, signal)).deleteRefs(`refs/bulkhead/${runId}`, signal);
}

const dropMs = 30_000;

async function dirtyBase(context: Context, {checkout, store}: ProjectContext, runId: string): Promise<Base> {
  const {signal} = context;
  const repository = await openStoreRepository(store, signal);
  const [ref, ontoRef] = [`refs/bulkhead/${runId}/base`, `refs/bulkhead/${runId}/onto`];
  // The process that started this one for `--detach` has frozen and told it.
  const earlier = {commit: await repository.readRef(ref, signal), onto: await repository.readRef(ontoRef, signal)};
  if (earlier.commit !== undefined && earlier.onto !== undefined) return storedBase(repository, {commit: earlier.commit, onto: earlier.onto}, signal);
  const frozen = await repository.freezeDirty({checkout, ref, date: new Date(), signal});
  await repository.updateRef({ref: ontoRef, to: checkout.head, from: undefined}, signal);
  await tellFrozen(context, checkout, frozen);
  return storedBase(repository, {commit: frozen.commit, onto: checkout.head}, signal);
}

async function storedBase(repository: Repository, {commit, onto}: {readonly commit: string; readonly onto: string}, signal: AbortSignal): Promise<Base> {
  return {commit, tree: await repository.reader(commit, signal), ...(commit === onto ? {} : {onto})};
}

async function tellFrozen({say, signal}: Context, {root, head}: Checkout, {commit, changed, untracked, leftOut, pointers}: FrozenDirty): Promise<void> {
  if (commit === head) say(`Your checkout does not differ from ${head.slice(0, 12)}: the run starts from there.`);
  else say(`The run starts from your checkout as it stands: ${changed.length} changed and ${untracked.length} untracked files, as one commit on top of ${head.slice(0, 12)}.`);
  tellPaths(say, 'untracked, taken along', untracked);
  tellPaths(say, 'kept by Git LFS, a pointer text in the boxes', pointers);
  tellPaths(say, 'left out', leftOut.map(({path}) => path), leftOut.map(({why}) => why));
  const secrets = await findLikelySecrets(root, [...untracked, ...changed], currentRedactor(), signal);
  tellPaths(say, 'perhaps a secret, and the specialists will read it', secrets.map(({path}) => path), secrets.map(({why}) => why));
}

function tellPaths(say: (line: string) => void, what: string, paths: readonly string[], whys: readonly string[] = []): void {
  for (const [index, path] of paths.slice(0, maxTold).entries()) {
    const why = whys[index];
    say(`  ${what}: ${escapeText(path)}${why === undefined ? '' : ` (${escapeText(why)})`}`);
  }
  if (paths.length > maxTold) say(`  ${what}: ${paths.length - maxTold} more`);
}
