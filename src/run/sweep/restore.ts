import {mkdir, rm, stat} from 'node:fs/promises';
import {AppError} from '../../core/errors.js';
import {listQuarantine, moveFolder, type QuarantineEntry} from '../../record/kept/quarantine.js';
import {runFiles} from '../../record/store.js';
import {homeOf, namedStore, refRoots, repositoryOf, type SweepWorld} from './world.js';

/** What came back out of quarantine. */
export interface Restored {
  readonly runId: string;
  /** The repository's store. */
  readonly repository: string;
  /** Its folder, when it had one. */
  readonly directory?: string;
  readonly refs: number;
}

/**
 * Brings a run and its refs back out of quarantine, by its id or a prefix. Each part is moved once, so that it can be
 * repeated after a crash. RUN_NOT_FOUND when there is none, RUN_STATE when a run of that id is in its place.
 */
export async function restoreRun(world: Pick<SweepWorld, 'stateHome' | 'openRepository'>, wanted: string, signal: AbortSignal): Promise<Restored> {
  const entry = choose((await listQuarantine(homeOf(world))).entries, wanted);
  const {about, directory, content} = entry;
  if (about.repository === undefined) throw new AppError('RUN_NOT_FOUND', `Nobody knows from where ${about.runId} came.`);
  const store = namedStore(world, about.repository);
  const target = runFiles(store, about.runId).directory;
  const inPlace = await exists(target);
  if (about.kind === 'run' && entry.whole && inPlace) throw new AppError('RUN_STATE', `There is a run ${about.runId} already.`, {hint: `Look at ${content} and at ${target}; one of them must go.`});
  const repository = await repositoryOf(world, store, signal);
  const move = {from: `${refRoots.quarantine}/${about.runId}`, to: `${refRoots.runs}/${about.runId}`};
  const refs = (await repository?.listRefs(move.from, signal))?.size ?? 0;
  // Refs first, as on the way in: a folder without its refs would look like a run that lost its work.
  await repository?.moveRefs(move, signal);
  if (about.kind === 'run' && entry.whole) {
    await mkdir(store.runs, {recursive: true, mode: 0o700});
    await moveFolder(content, target);
  }
  await rm(directory, {recursive: true, force: true});
  return {runId: about.runId, repository: about.repository, refs, ...(about.kind === 'run' ? {directory: target} : {})};
}

function choose(entries: readonly QuarantineEntry[], wanted: string): QuarantineEntry {
  const matching = entries.filter(({about}) => about.runId.startsWith(wanted));
  const [only, second] = matching.filter(({about}) => about.kind !== 'workspace');
  if (only !== undefined && second === undefined) return only;
  const archives = matching.filter(({about}) => about.kind === 'workspace').map(({content}) => content);
  throw new AppError('RUN_NOT_FOUND', only === undefined ? `No run \`${wanted}\` is in quarantine.` : `\`${wanted}\` means more than one run in quarantine.`, {
    hint: archives.length > 0 ? `Of workspaces the files are there: tar -xf ${archives[0] ?? ''}` : '`bulkhead clean --usage` shows what is in quarantine.',
    details: {archives},
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
