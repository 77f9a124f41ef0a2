import type {SnapshotRequest} from '../../core/sandbox.js';
import type {TreeReader} from '../../core/tree.js';
import {installPlan} from '../layers/plan.js';
import type {Run} from '../rooms.js';

/** Name of the snapshot of a commit, shared by all boxes that are made of it. */
export function snapshotName(run: Pick<Run, 'id'>, commit: string): string {
  return `bulkhead-${run.id}-at-${commit.slice(0, 12)}`;
}

/** Whether something on the engine is a snapshot of a run, or a part of one. */
export function isSnapshotName(run: Pick<Run, 'id'>, name: string): boolean {
  return name.startsWith(snapshotName(run, ''));
}

const made = new WeakMap<Run, Map<string, Promise<void>>>();

/**
 * Makes the snapshot of a commit, once; one that could not be made is tried again. That of the run's base is whole, that
 * of any later commit is its difference to the base, and costs that.
 */
export async function makeSnapshot(run: Run, commit: string, signal: AbortSignal): Promise<void> {
  const ofRun = made.get(run) ?? new Map<string, Promise<void>>();
  made.set(run, ofRun);
  const making = ofRun.get(commit) ?? make(run, commit, signal);
  ofRun.set(commit, making);
  try {
    await making;
  } catch (error) {
    ofRun.delete(commit);
    throw error;
  }
}

async function make(run: Run, commit: string, signal: AbortSignal): Promise<void> {
  const {engine, repository} = run.rooms;
  const {base} = run.options.manifest;
  const reader = await repository.reader(commit, signal);
  const difference = commit === base ? undefined : await differenceTo(run, {base, reader}, signal);
  if (difference !== undefined) await makeSnapshot(run, base, signal);
  const filling = difference ?? (await whole(run, reader, signal));
  await engine.createSnapshot({name: snapshotName(run, commit), ownership: run.ownership, ...filling}, signal);
}

async function whole(run: Run, reader: TreeReader, signal: AbortSignal): Promise<Pick<SnapshotRequest, 'files' | 'history'>> {
  const {repository} = run.rooms;
  const {commit} = reader;
  const exclude = (await installPlan(run, run.options.manifest.base, signal))?.folders;
  const cuts = await repository.historyCuts(commit, signal);
  return {files: reader.files(signal), history: {pack: repository.packHistory({commit}, signal), commit, cuts, exclude}};
}

/** What a snapshot over that of the base needs; undefined when it cannot be told as files (a submodule moved) or is too large to be worth it. */
async function differenceTo(run: Run, {base, reader}: {readonly base: string; readonly reader: TreeReader}, signal: AbortSignal): Promise<Pick<SnapshotRequest, 'files' | 'history' | 'over'> | undefined> {
  const {repository} = run.rooms;
  const changes = await repository.history().changes({from: base, to: reader.commit}, signal);
  const there = changes?.flatMap(({file}) => (file === undefined ? [] : [file]));
  if (changes === undefined || there === undefined || there.some(({mode}) => mode === 'submodule')) return undefined;
  return {
    files: reader.files(signal, there),
    history: {pack: repository.packHistory({commit: reader.commit, without: base}, signal), commit: reader.commit},
    over: {snapshot: snapshotName(run, base), deleted: changes.flatMap(({path, file}) => (file === undefined ? [path] : []))},
  };
}
