import {z} from 'zod';
import type {Sandbox} from '../../core/sandbox.js';
import {boxNames, boxStep, exportBox, type BoxAt, type PhaseName, type Worked} from './bring-home.js';
import {usableLayers} from '../layers/usable.js';
import type {Run} from '../rooms.js';
import {makeSnapshot, snapshotName} from './snapshot.js';

/** The boxes of one phase: one, or after each interruption another one, made from what the last one held. */
export interface PhaseBox extends AsyncDisposable {
  /** The living box; started on the first call, so a resume that has nothing left to do starts none. */
  current(): Promise<Sandbox>;
  /** The box that an earlier process left running, if it still lives and {@link current} was not called yet. */
  earlier(): Promise<Sandbox | undefined>;
  /** The living box has died: brings home what it held, so that {@link current} makes the next one from that. */
  lost(): Promise<void>;
  /** Stops the box and gives its work as a commit, with what was refused of its last state. */
  finish(): Promise<Worked>;
}

/** How long the work of a living box may take to come home when a run is interrupted. */
const unwindMs = 60_000;

/**
 * One rule for boxes: a box is (snapshot of a commit, specialist, conversation). What a box held that died, or that an
 * interrupted process left, is exported to a commit first, and the next box is made from that commit. Disposing brings
 * the work home too.
 */
export function startPhaseBox(run: Run, name: PhaseName, signal: AbortSignal): PhaseBox {
  /** Boxes of this phase that are no more; the next one has this number. */
  let ended = countBoxes(run, name);
  let box: Promise<Sandbox> | undefined;
  let home = false;

  /** What the first `count` boxes did, as a commit. Only what the last of them still held wrong is refused. */
  async function workOf(count: number, within: AbortSignal): Promise<Worked> {
    let worked: Worked = {commit: name.commit, refused: []};
    for (let index = 0; index < count; index += 1) worked = await exportBox(run, name, {index, commit: worked.commit, signal: within});
    return worked;
  }

  async function begin(): Promise<Sandbox> {
    const {commit} = await workOf(ended, signal);
    return startBox(run, name, {index: ended, commit, signal});
  }

  return {
    current: () => (box ??= begin()),
    earlier: async () => (box === undefined && ended > 0 ? run.rooms.engine.findBox(boxNames(run, name, {index: ended - 1, commit: name.commit}).box, signal) : undefined),
    async lost() {
      if (box === undefined) return;
      box = undefined;
      ended += 1;
      await workOf(ended, signal);
    },
    async finish() {
      const worked = await workOf(box === undefined ? ended : ended + 1, signal);
      home = true;
      return worked;
    },
    async [Symbol.asyncDispose]() {
      if (home || box === undefined) return;
      // The run's own signal may be aborted already: the work comes home under a deadline of its own.
      const within = AbortSignal.timeout(unwindMs);
      const started = await box.then(() => true, () => false);
      // Whatever stopped the phase is what the user must see; a workspace that does not come home now stays for the resume.
      if (started) await workOf(ended + 1, within).catch(() => undefined);
      else await run.rooms.engine.removeWorkspace(boxNames(run, name, {index: ended, commit: name.commit}), within).catch(() => undefined);
    },
  };
}

async function startBox(run: Run, name: PhaseName, {index, commit, signal}: BoxAt): Promise<Sandbox> {
  const names = boxNames(run, name, {index, commit});
  const {layers} = await usableLayers(run, commit, signal);
  let box: Sandbox | undefined;
  await run.steps.step({
    name: boxStep('box', name, index),
    input: {commit},
    names: {...names, commit, base: snapshotName(run, run.options.manifest.base)},
    schema: z.strictObject({}),
    run: async () => {
      await makeSnapshot(run, commit, signal);
      box = await run.rooms.engine.startBox({names, ownership: run.ownership, image: run.image, limits: run.options.limits, env: {}, profile: 'agent', layers}, signal);
      return {};
    },
  });
  if (box === undefined) throw new TypeError(`the box ${names.box} was started by another process`);
  return box;
}

function countBoxes(run: Run, name: PhaseName): number {
  let count = 0;
  while (run.steps.known(boxStep('box', name, count)) !== 'new') count += 1;
  return count;
}
