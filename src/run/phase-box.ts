import {z} from 'zod';
import type {Sandbox, WorkspaceNames} from '../core/sandbox.js';
import {refOf, type Run} from './rooms.js';

/** Names the phase of one specialist and the commit that its first box is made of. */
export interface PhaseName {
  readonly specialist: string;
  readonly phase: string;
  readonly commit: string;
}

const Worked = z.strictObject({
  /** The workspace of the box as a commit on top of the box's own; that one itself when nothing changed. */
  commit: z.string(),
  refused: z.array(z.strictObject({path: z.string(), code: z.enum(['UNSAFE_NAME', 'SCOPE_VIOLATION', 'FILE_IGNORED']), why: z.string()})),
});
type Worked = z.infer<typeof Worked>;

/** The boxes of one phase: one, or after each interruption another one, made from what the last one held. */
export interface PhaseBox extends AsyncDisposable {
  /** The living box; started on the first call, so a resume that has nothing left to do starts none. */
  current(): Promise<Sandbox>;
  /** The box that an earlier process left running, if it still lives and {@link current} was not called yet. */
  earlier(): Promise<Sandbox | undefined>;
  /** Stops the box and gives its work as a commit, with all that was refused on the way. */
  finish(): Promise<Worked>;
}

/** How long the work of a living box may take to come home when a run is interrupted. */
const unwindMs = 60_000;

/**
 * One rule for boxes: a box is (snapshot of a commit, specialist, conversation). What a box of an interrupted process
 * held is exported to a commit first, and the next box is made from that commit. Disposing brings the work home too.
 */
export function startPhaseBox(run: Run, name: PhaseName, signal: AbortSignal): PhaseBox {
  const lived = countBoxes(run, name);
  let box: Promise<Sandbox> | undefined;
  let home = false;

  /** The commit that box number `count` is made of: the work of all boxes before it. */
  async function commitBefore(count: number, within: AbortSignal): Promise<Worked> {
    let worked: Worked = {commit: name.commit, refused: []};
    for (let index = 0; index < count; index += 1) {
      const next = await exportBox(run, name, {index, commit: worked.commit, signal: within});
      worked = {commit: next.commit, refused: [...worked.refused, ...next.refused]};
    }
    return worked;
  }

  async function begin(): Promise<Sandbox> {
    const {commit} = await commitBefore(lived, signal);
    return startBox(run, name, {index: lived, commit, signal});
  }

  return {
    current: () => (box ??= begin()),
    earlier: async () => (box === undefined && lived > 0 ? run.rooms.engine.findBox(namesOf(run, name, lived - 1, name.commit).box, signal) : undefined),
    async finish() {
      const worked = await commitBefore(box === undefined ? lived : lived + 1, signal);
      home = true;
      return worked;
    },
    async [Symbol.asyncDispose]() {
      if (home || box === undefined) return;
      // The run's own signal may be aborted already: the work comes home under a deadline of its own.
      const within = AbortSignal.timeout(unwindMs);
      const started = await box.then(() => true, () => false);
      // Whatever stopped the phase is what the user must see; a workspace that does not come home now stays for the resume.
      if (started) await commitBefore(lived + 1, within).catch(() => undefined);
      else await run.rooms.engine.removeWorkspace(namesOf(run, name, lived, name.commit), within).catch(() => undefined);
    },
  };
}

interface BoxAt {
  readonly index: number;
  readonly commit: string;
  readonly signal: AbortSignal;
}

async function startBox(run: Run, name: PhaseName, {index, commit, signal}: BoxAt): Promise<Sandbox> {
  const names = namesOf(run, name, index, commit);
  let box: Sandbox | undefined;
  await run.steps.step({
    name: stepOf('box', name, index),
    input: {commit},
    names: {...names},
    schema: z.strictObject({}),
    run: async () => {
      await makeSnapshot(run, names.snapshot, commit, signal);
      const image = await run.rooms.engine.lockImage(run.options.manifest.image, signal);
      box = await run.rooms.engine.startBox({names, ownership: run.ownership, image, limits: run.options.limits, env: {}, profile: 'agent'}, signal);
      return {};
    },
  });
  if (box === undefined) throw new TypeError(`the box ${names.box} was started by another process`);
  return box;
}

async function exportBox(run: Run, name: PhaseName, {index, commit, signal}: BoxAt): Promise<Worked> {
  const names = namesOf(run, name, index, commit);
  const {engine, repository} = run.rooms;
  const worked = await run.steps.step<Worked>({
    name: stepOf('export', name, index),
    input: {commit},
    schema: Worked,
    run: async () => {
      const living = await engine.findBox(names.box, signal);
      await living?.stop(signal);
      if (!(await engine.hasWorkspace(names, signal))) return {commit, refused: []};
      const submission = await repository.importSubmission({
        parent: commit,
        entries: engine.exportWorkspace({names, ownership: run.ownership, maxFileBytes: repository.maxFileBytes}, signal),
        policy: {mayWrite: () => true, wanted: run.options.manifest.files.map((file) => file.path), allowIgnored: run.options.manifest.allow.ignoredFiles},
        ref: refOf(run, `work/${name.specialist}/${name.phase}/${index}`),
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

const snapshots = new WeakMap<Run, Map<string, Promise<void>>>();

/** Boxes of the same commit share one snapshot; the first one makes it. */
async function makeSnapshot(run: Run, snapshot: string, commit: string, signal: AbortSignal): Promise<void> {
  const made = snapshots.get(run) ?? new Map<string, Promise<void>>();
  snapshots.set(run, made);
  const making = made.get(snapshot) ?? fillSnapshot(run, snapshot, commit, signal);
  made.set(snapshot, making);
  await making;
}

async function fillSnapshot(run: Run, snapshot: string, commit: string, signal: AbortSignal): Promise<void> {
  const {engine, repository} = run.rooms;
  const reader = await repository.reader(commit, signal);
  const history = {pack: repository.packHistory(commit, signal), commit};
  await engine.createSnapshot({name: snapshot, ownership: run.ownership, files: reader.files(signal), history}, signal);
}

function countBoxes(run: Run, name: PhaseName): number {
  let count = 0;
  while (run.steps.known(stepOf('box', name, count)) !== 'new') count += 1;
  return count;
}

function stepOf(kind: 'box' | 'export', name: PhaseName, index: number): string {
  return `${kind}/${name.specialist}/${name.phase}/${index}`;
}

function namesOf(run: Run, name: PhaseName, index: number, commit: string): WorkspaceNames {
  return {snapshot: `bulkhead-${run.id}-at-${commit.slice(0, 12)}`, box: `bulkhead-${run.id}-${name.specialist}-${name.phase}-${index}`};
}
