import {randomBytes} from 'node:crypto';
import {workspacePath, type EndedProcess, type Ownership, type SandboxEngine, type WorkspaceNames} from '../../core/sandbox.js';
import type {SeedFile} from '../../core/tree.js';
import type {OwnImage} from '../images/catalog.js';
import {failure, type ProbeResult} from './probe.js';

/** What the probes run on. */
export interface BoxProbe {
  readonly engine: SandboxEngine;
  /** Images of ours that are on the engine; `base` is one of them. */
  readonly images: readonly OwnImage[];
  readonly ownership: Ownership;
  readonly signal: AbortSignal;
}

/** Small enough to be run into at once, large enough to start a shell and perl. */
const limits = {memoryMiB: 64, cpus: 1, pids: 24} as const;
const probeTimeoutMs = 30_000;
const maxStderrBytes = 4096;

/**
 * Says one fact per line: the network devices; /tmp's mode; whether the seeded file is seen, can be changed and a new
 * one written, as the box's user; how many processes could be had of twice the limit. Needs sh and perl.
 */
const looks = [
  'echo "net=$(ls /sys/class/net | tr "\\n" " ")"',
  'echo "tmp=$(stat -c %a /tmp)"',
  `cd ${workspacePath} && echo "seen=$(cat seed)" && echo more >>seed && echo new >new && echo "overlay=yes"`,
  `echo "forked=$(perl -e '$n = 0; for (1..${limits.pids * 2}) { my $p = fork; last unless defined $p; if (!$p) { sleep 20; exit } $n++; push @p, $p } print $n; kill KILL => @p')"`,
].join('; ');

/** Asks for four times the memory that the box has, and touches it. */
const greed = `exec perl -e 'my $x = "x" x (${limits.memoryMiB * 4} << 20); print length $x'`;

/** Starts real boxes over a real overlay and looks what they can do; removes everything again. */
export async function probeBoxes(probe: BoxProbe): Promise<readonly ProbeResult[]> {
  const {engine, images, ownership, signal} = probe;
  const snapshot = `bulkhead-doctor-${randomBytes(6).toString('hex')}`;
  try {
    await engine.createSnapshot({name: snapshot, ownership, files: seed()}, signal);
    const seen = await look(probe, {snapshot, image: 'base', script: looks});
    const greedy = await look(probe, {snapshot, image: 'base', script: greed});
    const others = await Promise.all(images.filter((image) => image !== 'base').map((image) => probeTmp(probe, snapshot, image)));
    return [...judgeLooks(seen.facts), judgeMemory(greedy.ended), ...others];
  } catch (error) {
    signal.throwIfAborted();
    return [failure('box', error)];
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

/** What the lines of {@link looks} mean; a line that did not come is a failure. */
export function judgeLooks(facts: ReadonlyMap<string, string>): readonly ProbeResult[] {
  const devices = facts.get('net')?.trim();
  const forked = Number(facts.get('forked') ?? NaN);
  const overlay = facts.get('overlay') === 'yes' && facts.get('seen') === 'seeded';
  return [
    devices === 'lo'
      ? {name: 'network', outcome: 'ok', message: 'a box sees no network but its own loopback'}
      : {name: 'network', outcome: 'fail', message: `a box sees network devices that it must not have: ${devices ?? 'unknown'}`, fix: 'use another engine (--engine URL)'},
    overlay
      ? {name: 'overlay', outcome: 'ok', message: 'a copy-on-write workspace can be mounted, read and written'}
      : {name: 'overlay', outcome: 'fail', message: 'a copy-on-write workspace cannot be used', fix: 'use an engine whose volumes can be mounted by overlay (Linux, not rootless before kernel 5.13)'},
    judgeTmp('base', facts.get('tmp')),
    forked > 0 && forked < limits.pids
      ? {name: 'limit of processes', outcome: 'ok', message: `enforced: ${forked} of ${limits.pids * 2} processes could be started under a limit of ${limits.pids}`}
      : {name: 'limit of processes', outcome: 'fail', message: 'a box can start more processes than its limit', fix: 'enable the pids cgroup controller'},
  ];
}

function judgeMemory(ended: EndedProcess): ProbeResult {
  if (ended.outOfMemory) return {name: 'limit of memory', outcome: 'ok', message: 'enforced: a box that wants more is ended by the kernel'};
  return {name: 'limit of memory', outcome: 'fail', message: `a box of ${limits.memoryMiB} MiB could use more (exit code ${ended.exitCode})`, fix: 'enable the memory cgroup controller (kernel parameter cgroup_enable=memory swapaccount=1)'};
}

async function probeTmp(probe: BoxProbe, snapshot: string, image: OwnImage): Promise<ProbeResult> {
  const {facts} = await look(probe, {snapshot, image, script: 'echo "tmp=$(stat -c %a /tmp)"'});
  return judgeTmp(image, facts.get('tmp'));
}

function judgeTmp(image: OwnImage, mode: string | undefined): ProbeResult {
  const name = `/tmp of ${image}`;
  if (mode === '1777') return {name, outcome: 'ok', message: 'writable by everyone (1777)'};
  return {name, outcome: 'fail', message: `has mode ${mode ?? 'unknown'}, not 1777`, fix: 'remove the image from the engine, then build it again: bulkhead setup'};
}
