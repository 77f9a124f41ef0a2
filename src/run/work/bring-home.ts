import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import type {JournalEvent} from '../../core/journal.js';
import type {WorkspaceNames} from '../../core/sandbox.js';
import {refOf, type OpenedRun, type Rooms} from '../rooms.js';
import {snapshotName} from './snapshot.js';
import {submissionCaps} from './submission-caps.js';

/** Names the phase of one specialist and the commit that its first box is made of. */
export interface PhaseName {
  readonly specialist: string;
  readonly phase: string;
  readonly commit: string;
}

/** One box of a phase: its number from 0, and the commit that it was made of. */
export interface BoxAt {
  readonly index: number;
  readonly commit: string;
  readonly signal: AbortSignal;
}

/** As much of a run as bringing work home needs: no model, no image. */
export type Keeper = Pick<OpenedRun, 'id' | 'startedAt' | 'options' | 'steps' | 'journal' | 'ownership' | 'engineAddress' | 'acceptLoss'> & {
  readonly rooms: Pick<Rooms, 'engine' | 'repository'>;
};

/** What a box did, as a commit. */
export const Worked = z.strictObject({
  /** The workspace of the box as a commit on top of the box's own; that one itself when nothing changed. */
  commit: z.string(),
  refused: z.array(z.strictObject({path: z.string(), code: z.enum(['UNSAFE_NAME', 'SCOPE_VIOLATION', 'FILE_IGNORED']), why: z.string()})),
});
export type Worked = z.infer<typeof Worked>;

/** Stops a box if it lives, makes its work a commit, and removes it. A step: what was brought home is not again. */
export async function exportBox(run: Keeper, name: Omit<PhaseName, 'commit'>, {index, commit, signal}: BoxAt): Promise<Worked> {
  const names = boxNames(run, name, {index, commit});
  const {engine, repository} = run.rooms;
  const ref = refOf(run, `work/${name.specialist}/${name.phase}/${index}`);
  const worked = await run.steps.step<Worked>({
    name: boxStep('export', name, index),
    input: {commit},
    names: {ref},
    schema: Worked,
    run: async () => {
      const living = await engine.findBox(names.box, signal);
      await living?.stop(signal);
      if (!(await engine.hasWorkspace(names, signal))) return withoutWorkspace(run, name, {index, commit, box: names.box});
      const limits = submissionCaps(run.options);
      const submission = await repository.importSubmission({
        parent: commit,
        entries: engine.exportWorkspace({names, ownership: run.ownership, maxFileBytes: limits.maxFileBytes ?? repository.maxFileBytes}, signal),
        limits,
        policy: {mayWrite: () => true, wanted: wantedPaths(run), allowIgnored: run.options.manifest.allow.ignoredFiles},
        ref,
        message: `Work of ${name.specialist} (${name.phase})`,
        date: run.startedAt,
        signal,
      });
      return {commit: submission.empty ? commit : submission.commit, refused: [...submission.refused]};
    },
  });
  await engine.removeWorkspace(names, signal);
  return worked;
}

/** A box that never really started did nothing. One that did, and whose workspace is not there, has lost work: a person decides. */
function withoutWorkspace(run: Keeper, name: Omit<PhaseName, 'commit'>, at: {readonly index: number; readonly commit: string; readonly box: string}): Worked {
  if (run.steps.known(boxStep('box', name, at.index)) !== 'finished' || run.acceptLoss) return {commit: at.commit, refused: []};
  throw new AppError('WORKSPACE_LOST', `The workspace of ${name.specialist} (${at.box}) is not on the engine at ${run.engineAddress}.`, {
    hint: `Resume with the engine on which the run was begun (--engine URL). If its volumes are gone for good, \`bulkhead resume ${run.id} --accept-loss\` goes on from what was exported before.`,
    details: {box: at.box, engine: run.engineAddress},
  });
}

function wantedPaths(run: Keeper): readonly string[] {
  const {files, tests} = run.options.manifest;
  return [...files, ...(tests?.files ?? [])].map((entry) => entry.path);
}

/** A box whose work is not a commit yet. */
export interface UnsavedBox {
  readonly specialist: string;
  readonly phase: string;
  readonly index: number;
  readonly names: WorkspaceNames;
  /** Undefined in a journal of version 0.1.0. */
  readonly commit: string | undefined;
}

/** The boxes whose work is not a commit yet, by what the journal says. Pure. */
export function unsavedBoxes(events: readonly JournalEvent[]): readonly UnsavedBox[] {
  const unsaved = new Map<string, UnsavedBox>();
  for (const event of events) {
    if (event.type !== 'step.started' && event.type !== 'step.finished') continue;
    const [kind = '', specialist = '', phase = '', index = ''] = event.step.split('/');
    const key = `${specialist}/${phase}/${index}`;
    if (kind === 'export' && event.type === 'step.finished') unsaved.delete(key);
    if (kind !== 'box' || event.type !== 'step.started') continue;
    const {snapshot, box, commit} = event.names;
    if (snapshot !== undefined && box !== undefined) unsaved.set(key, {specialist, phase, index: Number(index), names: {snapshot, box}, commit});
  }
  return [...unsaved.values()];
}

/** Makes the work of every box of a run a commit. Throws WORKSPACE_LOST, and what engine and repository throw. */
export async function bringHome(run: Keeper, signal: AbortSignal): Promise<void> {
  for (const {specialist, phase, index, commit} of unsavedBoxes(run.journal.events)) {
    if (commit !== undefined) await exportBox(run, {specialist, phase}, {index, commit, signal});
  }
}

/** Name of the step that makes a box, or brings its work home. */
export function boxStep(kind: 'box' | 'export', name: Omit<PhaseName, 'commit'>, index: number): string {
  return `${kind}/${name.specialist}/${name.phase}/${index}`;
}

/** Names of the volumes and the container of a box. */
export function boxNames(run: Pick<Keeper, 'id'>, name: Omit<PhaseName, 'commit'>, {index, commit}: Pick<BoxAt, 'index' | 'commit'>): WorkspaceNames {
  return {snapshot: snapshotName(run, commit), box: `bulkhead-${run.id}-${name.specialist}-${name.phase}-${index}`};
}
