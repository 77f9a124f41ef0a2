import {setTimeout as sleep} from 'node:timers/promises';
import {AppError} from '../../../core/errors.js';
import type {BoxLimits, DiskLimit, DiskUse, Ownership} from '../../../core/sandbox.js';
import {afterCount, afterLook, capOf, hostReserve, isLow, needsCount, newBudget, overCap, type Budget, type DiskLook, type Reserve} from '../../disk-budget.js';
import {containerState, killContainer} from '../attach.js';
import {cleanUp, type Engine} from '../engine-call.js';
import {countLayer, type Count} from './count.js';
import {lookOut} from './lookout.js';

/** A living box that is to be ended when it writes too much. */
export interface WatchRequest {
  readonly box: string;
  readonly ownership: Ownership;
  readonly limits: Partial<BoxLimits>;
}

/** Why a box was ended: a limit of its own, or the disk of the engine's machine that was nearly full. */
export type BoxEnd = {readonly limit: DiskLimit; /** Undefined: space was vanishing, and what the box holds could not be counted. */ readonly use: DiskUse | undefined; readonly cap: DiskUse} | {readonly limit: 'host'};

/** Ends boxes that write too much. Disposing ends the looking and leaves nothing of it on the engine; boxes live on. */
export interface DiskWatch extends AsyncDisposable {
  /** Watches a box from now on, until it is let go; one that is watched already stays so. */
  watch(request: WatchRequest): void;
  /** The box is stopped or gone. Settles when nothing of the watch is left on the engine, if it was the last one. */
  letGo(box: string): Promise<void>;
  /** Why a box was ended here, or undefined. */
  endOf(box: string): BoxEnd | undefined;
}

interface Watched extends WatchRequest {
  budget: Budget;
  /** A count is under way. */
  counting: boolean;
  /** Counts one after another that failed, or in which the box hid something while space was vanishing. */
  strikes: number;
}

/** Looking begins so long after the first box: a box is ready sooner, and one that stays for a moment costs nothing. */
const firstLookMs = 1000;
/** After a lookout was lost. */
const againMs = 1000;
/** A box that cannot be counted, or hides something, so often while space vanishes is ended: a failure or two may be the engine's. */
const maxStrikes = 3;

/** One watch per handle of an engine: it needs one lookout for all boxes. */
const watches = new WeakMap<Engine, DiskWatch>();

/** The watch over the boxes of an engine. */
export function watchOf(engine: Engine): DiskWatch {
  const watch = watches.get(engine) ?? startDiskWatch(engine, hostReserve);
  watches.set(engine, watch);
  return watch;
}

/** Names of lookouts of this process: two handles may watch the same box, and neither must take the other's away. */
const taken = new Set<string>();

function takeName(box: string): string {
  let name = `${box}-lookout`;
  for (let count = 2; taken.has(name); count += 1) name = `${box}-lookout-${count}`;
  taken.add(name);
  return name;
}

/** A watch must not keep a process from ending whose boxes are lost to it. */
const rest = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, {signal, ref: false});

/** Looks and counts only while there are boxes to be watched. A failure of the engine ends no box by itself. */
export function startDiskWatch(engine: Engine, reserve: Reserve): DiskWatch {
  const boxes = new Map<string, Watched>();
  const ends = new Map<string, BoxEnd>();
  let looking: {readonly stop: AbortController; readonly done: Promise<void>} | undefined;

  async function look(ownership: Ownership, name: string, signal: AbortSignal): Promise<void> {
    await rest(firstLookMs, signal);
    while (!signal.aborted) {
      await follow(lookOut(engine, {name, ownership}, signal), signal).catch(() => undefined);
      await rest(againMs, signal);
    }
  }

  async function follow(looks: AsyncIterable<DiskLook>, signal: AbortSignal): Promise<void> {
    let before: DiskLook | undefined;
    for await (const now of looks) {
      if (isLow(now, reserve)) await Promise.all([...boxes.values()].map((box) => end(box, {limit: 'host'})));
      for (const box of boxes.values()) {
        if (before !== undefined) box.budget = afterLook(box.budget, before, now);
        if (!box.counting && needsCount(box.budget)) void judge(box, signal);
      }
      before = now;
    }
  }

  /** Never rejects: whatever it meets counts against the box or is the engine's. */
  async function judge(box: Watched, signal: AbortSignal): Promise<void> {
    box.counting = true;
    try {
      const count = await countLayer(engine, {...box, maxInodes: box.budget.cap.inodes}, signal);
      const limit = overCap(box.budget.cap, count);
      // What vanished is not in what can be seen, and the box has something that it does not show.
      box.strikes = limit === undefined && (count.blind ?? 0) > 0 ? box.strikes + 1 : 0;
      box.budget = afterCount(box.budget, count);
      if (limit !== undefined) await end(box, endAt(box, limit, count));
    } catch {
      box.strikes += 1;
      if (!(await isLiving(box))) void watch.letGo(box.box);
    } finally {
      box.counting = false;
    }
    if (box.strikes >= maxStrikes && !signal.aborted) await end(box, endAt(box, 'disk', undefined));
  }

  async function isLiving({box}: Watched): Promise<boolean> {
    const state = await containerState(engine, box, AbortSignal.timeout(againMs)).catch(() => undefined);
    return state?.Running !== false;
  }

  /** The reason first: who asks after the death must find it. */
  async function end(box: Watched, why: BoxEnd): Promise<void> {
    if (boxes.get(box.box) !== box) return;
    ends.set(box.box, why);
    await cleanUp(async (fresh) => {
      await killContainer(engine, box.box, fresh);
      // Not waited for: this may be a part of what it waits for.
      void watch.letGo(box.box);
    });
  }

  async function stopLooking(): Promise<void> {
    const last = looking;
    looking = undefined;
    engine.open.delete(watch);
    last?.stop.abort();
    await last?.done;
  }

  const watch: DiskWatch = {
    watch(request) {
      if (boxes.has(request.box)) return;
      ends.delete(request.box);
      boxes.set(request.box, {...request, budget: newBudget(capOf(request.limits)), counting: false, strikes: 0});
      if (looking !== undefined) return;
      const stop = new AbortController();
      engine.open.add(watch);
      const name = takeName(request.box);
      const done = look(request.ownership, name, stop.signal).catch(() => undefined).finally(() => taken.delete(name));
      looking = {stop, done: done.then(() => undefined)};
    },
    async letGo(box) {
      boxes.delete(box);
      if (boxes.size === 0) await stopLooking();
    },
    async [Symbol.asyncDispose]() {
      boxes.clear();
      await stopLooking();
    },
    endOf: (box) => ends.get(box),
  };
  return watch;
}

function endAt({budget: {cap}}: Watched, limit: DiskLimit, count: Count | undefined): BoxEnd {
  return {limit, cap, use: count && {bytes: count.bytes, inodes: count.inodes}};
}

/** The error of whoever wanted something of a box that was ended here; undefined for one that was not. `details.ranInto` names the limit. */
export function endedError(engine: Engine, box: string, cause?: unknown): AppError | undefined {
  const why = watchOf(engine).endOf(box);
  if (why === undefined) return undefined;
  if (why.limit === 'host') {
    return new AppError('DISK_FULL', `The disk of the container engine is nearly full, so the box ${box} was ended before it could fill it.`, {
      hint: 'Free some space (`bulkhead clean` shows and removes leftovers), then `bulkhead resume`.',
      cause,
    });
  }
  return new AppError('ENGINE_FAILED', `The box ${box} was ended: ${overText(why)}.`, {details: {ranInto: why.limit, used: why.use, cap: why.cap}, cause});
}

function overText({limit, use, cap}: Exclude<BoxEnd, {limit: 'host'}>): string {
  const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
  if (use === undefined) return `space was vanishing from the disk, and what it holds could not be counted (it may hold ${mebibytes(cap.bytes)} MiB)`;
  return limit === 'disk' ? `it had written ${mebibytes(use.bytes)} MiB, and may write ${mebibytes(cap.bytes)}` : `it had made ${use.inodes} files and folders, and may make ${cap.inodes}`;
}
