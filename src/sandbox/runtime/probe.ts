import {AppError} from '../../core/errors.js';
import type {EngineFacts, Ownership, SandboxEngine} from '../../core/sandbox.js';
import type {ProbeResult} from '../engine/probe.js';
import {memoryRow, probeBoxes, processesRow} from '../engine/probe-box.js';
import {gvisorName, type RuntimeWish} from './choose.js';

/** A runtime that is to be tried. */
export interface RuntimeProbe {
  /** An engine whose boxes have that runtime. */
  readonly engine: SandboxEngine;
  readonly facts: Pick<EngineFacts, 'runtimes'>;
  readonly wish: RuntimeWish;
  readonly ownership: Ownership;
}

/**
 * Lists what boxes of the named runtime, or of gVisor where the engine has it, keep and do not keep, by trying it. What
 * does not hold is a failure when the user asked for that runtime, else a warning: no run uses it unasked.
 */
export async function probeRuntime({engine, facts, wish, ownership}: RuntimeProbe, signal: AbortSignal): Promise<readonly ProbeResult[]> {
  const name = wish.name ?? gvisorName;
  const asked = wish.name !== undefined || wish.requireGvisor;
  const there = facts.runtimes.includes(name);
  if (!there && !asked) return [{name: 'gVisor', outcome: 'ok', message: 'the engine does not have it, and nothing asks for it: boxes share the kernel of the host'}];
  if (!there) return [{name: `runtime ${name}`, outcome: 'fail', message: `the engine does not have it; it has ${facts.runtimes.join(', ')}`, fix: 'install it and register it under `runtimes` in the daemon.json of the engine'}];
  const rows = await tryRuntime({engine, wish: {...wish, name}, ownership}, signal);
  const bad = asked ? 'fail' : 'warn';
  return rows.map((row) => ({...row, name: `${name}: ${row.name}`, ...(row.outcome === 'fail' ? {outcome: bad, fix: limitFix(row, name) ?? row.fix} : {})}));
}

/** gVisor leaves limits to the host's cgroups, and so to how the engine starts it (gVisor, g3doc/architecture_guide/security.md). */
function limitFix(row: ProbeResult, name: string): string | undefined {
  const isLimit = row.name === memoryRow || row.name === processesRow;
  return isLimit ? `let the engine start ${name} with cgroups: without --ignore-cgroups in its runtimeArgs` : undefined;
}

/**
 * Refuses an engine whose boxes are not gVisor's, or whose limits and network are not what they should be, each of which
 * was tried in boxes of that runtime. Throws ENGINE_UNFIT, `details.failed` names the rows.
 */
export async function requireGvisor(probe: Pick<RuntimeProbe, 'engine' | 'ownership'>, name: string, signal: AbortSignal): Promise<void> {
  const failed = (await tryRuntime({...probe, wish: {name, requireGvisor: true}}, signal)).filter((row) => row.outcome === 'fail');
  if (failed.length === 0) return;
  throw new AppError('ENGINE_UNFIT', `The runtime ${name} of this engine does not keep what --require-gvisor asks for: ${failed.map((row) => `${row.name}: ${row.message}`).join('; ')}.`, {
    hint: '`bulkhead doctor` lists all of it. An engine that runs gVisor with cgroups (without --ignore-cgroups) enforces the limits.',
    details: {failed: failed.map((row) => row.name)},
  });
}

async function tryRuntime({engine, wish, ownership}: Pick<RuntimeProbe, 'engine' | 'wish' | 'ownership'>, signal: AbortSignal): Promise<readonly ProbeResult[]> {
  const {results, gvisor} = await probeBoxes({engine, images: ['base'], ownership, signal});
  return [judgeKernel(gvisor, wish), ...results];
}

function judgeKernel(gvisor: boolean, {name, requireGvisor: required}: RuntimeWish): ProbeResult {
  if (gvisor) return {name: 'kernel', outcome: 'ok', message: 'a box has a kernel of its own (gVisor)'};
  // A runtime of another name may be meant as it is (Kata, crun); one that is called runsc, or required to be gVisor, may not.
  if (required || name === gvisorName) return {name: 'kernel', outcome: 'fail', message: 'a box does not have the kernel of gVisor', fix: 'register the real runsc under that name'};
  return {name: 'kernel', outcome: 'ok', message: 'not that of gVisor'};
}
