import {randomUUID} from 'node:crypto';
import type {BoxLimits, Ownership, SandboxEngine, WorkspaceNames} from '../../core/sandbox.js';
import {failure, type ProbeResult} from './probe.js';

/** A box that is to be started over a snapshot that belongs to the profile `verify`. */
export interface LivingProbe {
  readonly engine: SandboxEngine;
  readonly ownership: Ownership;
  readonly snapshot: string;
  readonly limits: BoxLimits;
}

/** Row of the cap on what a box writes; a warning: what it holds in deleted files is not part of it. */
export const diskRow = 'limit of disk';

const mebibyte = 1024 * 1024;
const writtenBytes = 8 * mebibyte;
/** File systems differ in what they take for a file of that size, and an empty layer takes something too. */
const slackBytes = mebibyte;
const callTimeoutMs = 30_000;
const removeTimeoutMs = 60_000;

/** Two files of that size: one with a name, one without that a process holds open. */
const write = `exec 7>gone; rm gone; head -c ${writtenBytes} /dev/zero >&7; head -c ${writtenBytes} /dev/zero >kept; sleep 60 >/dev/null 2>&1 &`;

/**
 * Starts a living box and looks what is seen of it from outside: its network, which each box that starts has proved to be
 * none, and what it has written, which the watch over disks counts in the same way. Removes everything again.
 */
export async function probeLiving({engine, ownership, snapshot, limits}: LivingProbe, signal: AbortSignal): Promise<readonly ProbeResult[]> {
  const names: WorkspaceNames = {snapshot, box: `${snapshot}-living`};
  const image = await engine.lockImage('base', signal);
  try {
    await using box = await engine.startBox({names, ownership, image, limits, env: {}, profile: 'verify'}, signal);
    const network: ProbeResult = {name: 'network', outcome: 'ok', message: 'a box has its own loopback, no route, and does not reach a listener on this machine'};
    try {
      const before = (await box.stats(signal)).disk.bytes;
      await box.exec({id: randomUUID(), argv: ['/bin/sh', '-c', write], timeoutMs: callTimeoutMs, maxBytes: 1024, signal});
      return [network, judgeDisk((await box.stats(signal)).disk.bytes - before)];
    } catch (error) {
      signal.throwIfAborted();
      return [network, {...failure(diskRow, error), fix: diskFix}];
    }
  } catch (error) {
    signal.throwIfAborted();
    return [{...failure('network', error), fix: 'use another engine (--engine URL)'}];
  } finally {
    await engine.removeWorkspace(names, AbortSignal.timeout(removeTimeoutMs)).catch(() => undefined);
  }
}

const diskFix = 'use an engine that can pause a container and measure it';

/** What was counted of two files, one of them without a name. */
export function judgeDisk(bytes: number): ProbeResult {
  if (bytes >= 2 * writtenBytes - slackBytes) return {name: diskRow, outcome: 'ok', message: 'what a box writes is counted, deleted files that it holds open too'};
  if (!(bytes >= writtenBytes - slackBytes)) return {name: diskRow, outcome: 'fail', message: 'what a box writes is not counted', fix: diskFix};
  // Its processes and their files are not those of the host's kernel.
  const message = 'deleted files that a box holds open are not counted: only the reserve of the disk, at which every box is ended, bounds them';
  return {name: diskRow, outcome: 'warn', message, fix: 'give the engine a disk of its own (not possible to count with gVisor, whose own kernel holds these files)'};
}
