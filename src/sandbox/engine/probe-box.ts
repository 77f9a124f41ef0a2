import {randomBytes} from 'node:crypto';
import {workspacePath, type EndedProcess, type Ownership, type SandboxEngine, type WorkspaceNames} from '../../core/sandbox.js';
import type {SeedFile} from '../../core/tree.js';
import {busyboxPath} from '../box-script.js';
import type {OwnImage} from '../images/catalog.js';
import {failure, type ProbeResult} from './probe.js';
import {probeLiving} from './probe-living.js';

/** What the probes run on. */
export interface BoxProbe {
  readonly engine: SandboxEngine;
  /** Images of ours that are on the engine; `base` is one of them. */
  readonly images: readonly OwnImage[];
  readonly ownership: Ownership;
  readonly signal: AbortSignal;
}

/** Small enough to be run into at once, large enough for a shell, perl and, in gVisor, a kernel of threads. */
const limits = {memoryMiB: 128, cpus: 1, pids: 64} as const;
/** Rows of the limits that an engine may fail to enforce. */
export const processesRow = 'limit of processes';
export const memoryRow = 'limit of memory';
/** Row of what the engine's seccomp profile closes on a shared kernel, and gVisor's own kernel may leave open. */
export const filterRow = 'filter of system calls';
const probeTimeoutMs = 60_000;
const maxStderrBytes = 4096;

/** By the busybox that we bring along: older gVisor kernels do not have the call that newer tools of an image make. */
const tmpLook = `echo "tmp=$(${busyboxPath} stat -c %a /tmp)"`;

/**
 * Says one fact per line: the first word of the kernel, which only its own one says to a box; /tmp's mode; which doors of a
 * kernel are open that the engine's filter of system calls closes; whether the seeded file is seen, can be changed and a
 * new one written, as the box's user; how many processes could be had of twice the limit. Needs sh, perl and unshare.
 */
const looks = [
  `echo "kernel=$(${busyboxPath} dmesg 2>/dev/null | head -n 1)"`,
  tmpLook,
  'echo "doors=$(unshare -U true 2>/dev/null && echo user namespaces; mknod /tmp/door c 1 3 2>/dev/null && echo device nodes)" | tr "\\n" ","; echo',
  `cd ${workspacePath} && echo "seen=$(cat seed)" && echo more >>seed && echo new >new && echo "overlay=yes"`,
  `echo "forked=$(perl -e '$n = 0; for (1..${limits.pids * 2}) { my $p = fork; last unless defined $p; if (!$p) { sleep 20; exit } $n++; push @p, $p } print $n; kill KILL => @p')"`,
].join('; ');

/** Asks for three times the memory that the box has, and touches it. */
const greed = `exec perl -e 'my $x = "x" x (${limits.memoryMiB * 3} << 20); print length $x'`;

/** What boxes of an engine are like. */
export interface ProbedBoxes {
  readonly results: readonly ProbeResult[];
  /** Whether they have a kernel of their own, gVisor's, as a box saw it. */
  readonly gvisor: boolean;
}

/** Starts real boxes over a real overlay and looks what they can do; removes everything again. */
export async function probeBoxes(probe: BoxProbe): Promise<ProbedBoxes> {
  const {engine, images, ownership, signal} = probe;
  const snapshot = `bulkhead-doctor-${randomBytes(6).toString('hex')}`;
  try {
    await engine.createSnapshot({name: snapshot, ownership, profile: 'verify', files: seed()}, signal);
    const seen = await look(probe, {snapshot, image: 'base', script: looks});
    const greedy = await look(probe, {snapshot, image: 'base', script: greed});
    const others = await Promise.all(images.filter((image) => image !== 'base').map((image) => probeTmp(probe, snapshot, image)));
    const living = await probeLiving({engine, ownership, snapshot, limits}, signal);
    return {results: [...living, ...judgeLooks(seen.facts), judgeMemory(greedy.ended), ...others], gvisor: isGvisor(seen.facts)};
  } catch (error) {
    signal.throwIfAborted();
    return {results: [failure('box', error)], gvisor: false};
  } finally {
    // Also after an abort; what cannot be removed now carries our label, and `clean` finds it.
    await engine.removeSnapshot(snapshot, AbortSignal.timeout(probeTimeoutMs)).catch(() => undefined);
  }
}

async function* seed(): AsyncGenerator<SeedFile> {
  yield await Promise.resolve({path: 'seed', mode: 'file', bytes: Buffer.from('seeded\n')});
}

interface Look {
  readonly ended: EndedProcess;
  readonly facts: ReadonlyMap<string, string>;
}

async function look({engine, ownership, signal}: BoxProbe, part: {readonly snapshot: string; readonly image: OwnImage; readonly script: string}): Promise<Look> {
  const names: WorkspaceNames = {snapshot: part.snapshot, box: `${part.snapshot}-${part.image}-${randomBytes(3).toString('hex')}`};
  const chunks: Uint8Array[] = [];
  const image = await engine.lockImage(part.image, signal);
  const argv = ['/bin/sh', '-c', part.script];
  const onStdout = (chunk: Uint8Array): void => void chunks.push(chunk);
  const ended = await engine.runProcess({names, ownership, image, limits, env: {}, profile: 'verify', argv, timeoutMs: probeTimeoutMs, maxStderrBytes, onStdout}, signal);
  const lines = Buffer.concat(chunks).toString('latin1').split('\n');
  return {ended, facts: new Map(lines.flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const] : [])))};
}

/** What gVisor's kernel says first (`pkg/sentry/kernel/syslog.go`); the host's says nothing to a box. */
function isGvisor(facts: ReadonlyMap<string, string>): boolean {
  return /\bStarting gVisor\b/.test(facts.get('kernel') ?? '');
}

/** What the lines of {@link looks} mean; a line that did not come is a failure. */
export function judgeLooks(facts: ReadonlyMap<string, string>): readonly ProbeResult[] {
  const forked = Number(facts.get('forked') ?? NaN);
  const overlay = facts.get('overlay') === 'yes' && facts.get('seen') === 'seeded';
  return [
    overlay
      ? {name: 'overlay', outcome: 'ok', message: 'a copy-on-write workspace can be mounted, read and written'}
      : {name: 'overlay', outcome: 'fail', message: 'a copy-on-write workspace cannot be used', fix: 'use an engine whose volumes can be mounted by overlay (Linux, not rootless before kernel 5.13)'},
    judgeTmp('base', facts.get('tmp')),
    judgeDoors(facts.get('doors')?.trim()),
    forked > 0 && forked < limits.pids
      ? {name: processesRow, outcome: 'ok', message: `enforced: ${forked} of ${limits.pids * 2} processes could be started under a limit of ${limits.pids}`}
      : {name: processesRow, outcome: 'fail', message: 'a box can start more processes than its limit', fix: 'enable the pids cgroup controller'},
  ];
}

/** How the kernel ends what wants too much memory: SIGKILL. */
const killed = 137;

/** A warning: behind each of these doors is only more of the kernel that answers, the box's own one with gVisor. */
function judgeDoors(open: string | undefined): ProbeResult {
  const doors = (open ?? 'what was not seen').split(',').filter((door) => door !== '');
  if (doors.length === 0) return {name: filterRow, outcome: 'ok', message: 'a box can make neither user namespaces nor device nodes'};
  return {name: filterRow, outcome: 'warn', message: `a box is not kept from making ${doors.join(' or ')}`, fix: 'let the engine use its default seccomp profile (not possible with gVisor, whose own kernel answers)'};
}

function judgeMemory(ended: EndedProcess): ProbeResult {
  if (ended.outOfMemory) return {name: memoryRow, outcome: 'ok', message: 'enforced: a box that wants more is ended by the kernel'};
  if (ended.exitCode === killed && !ended.timedOut) return {name: memoryRow, outcome: 'warn', message: 'enforced, but this engine does not say so: a test run that it ends is reported as killed, not as out of memory'};
  return {name: memoryRow, outcome: 'fail', message: `a box of ${limits.memoryMiB} MiB could use more (exit code ${ended.exitCode})`, fix: 'enable the memory cgroup controller (kernel parameter cgroup_enable=memory swapaccount=1)'};
}

async function probeTmp(probe: BoxProbe, snapshot: string, image: OwnImage): Promise<ProbeResult> {
  const {facts} = await look(probe, {snapshot, image, script: tmpLook});
  return judgeTmp(image, facts.get('tmp'));
}

function judgeTmp(image: OwnImage, mode: string | undefined): ProbeResult {
  const name = `/tmp of ${image}`;
  if (mode === '1777') return {name, outcome: 'ok', message: 'writable by everyone (1777)'};
  return {name, outcome: 'fail', message: `has mode ${mode ?? 'unknown'}, not 1777`, fix: 'remove the image from the engine, then build it again: bulkhead setup'};
}
