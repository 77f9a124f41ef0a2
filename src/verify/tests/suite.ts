import {escapeText} from '../../core/escape.js';
import type {BoxLimits, Captured, EndedProcess, LockedImage, Ownership, SandboxEngine} from '../../core/sandbox.js';
import type {SeedFile, TreeContent} from '../../core/tree.js';
import type {SuiteRunner} from '../runners/runner.js';
import type {SuiteRun} from './results.js';
import type {StreamResults} from './stream.js';

/** Most bytes of stderr kept of a run: only a hint for people. */
const maxStderrBytes = 16 * 1024;

/** Where suites run: one engine, one image, one set of limits for all runs of a verification. */
export interface SuiteBench {
  readonly engine: SandboxEngine;
  readonly image: LockedImage;
  readonly ownership: Ownership;
  readonly limits: BoxLimits;
  readonly harness: readonly SeedFile[];
  readonly timeoutMs: number;
  /** Told what could not be cleaned up; the sweep by label finds it later. */
  readonly tell: (line: string) => void;
}

/** One run of a suite. */
export interface SuiteRequest {
  /** Name of the snapshot volume; the box adds `-run`. */
  readonly name: string;
  readonly files: AsyncIterable<TreeContent>;
  readonly runner: SuiteRunner;
  /** Places of tests for the runner; undefined for the command as the manifest has it. */
  readonly only?: readonly string[] | undefined;
  /** Layers over the tree. */
  readonly layers?: readonly string[] | undefined;
}

/**
 * Runs a suite over a tree in a fresh container and removes both. However the tests end is a value; throws the
 * engine's AppErrors only.
 */
export async function runSuite(bench: SuiteBench, request: SuiteRequest, signal: AbortSignal): Promise<SuiteRun> {
  const {engine, ownership, harness} = bench;
  await using snapshot = {name: request.name, [Symbol.asyncDispose]: () => removeQuietly(bench, request.name)};
  await engine.createSnapshot({name: snapshot.name, ownership, profile: 'verify', files: request.files, harness}, signal);
  const stream = request.runner.startReader();
  const ended = await engine.runProcess(
    {
      names: {snapshot: snapshot.name, box: `${snapshot.name}-run`},
      ownership,
      image: bench.image,
      limits: bench.limits,
      env: request.runner.env,
      profile: 'verify',
      layers: request.layers,
      argv: request.runner.argv(request.only),
      timeoutMs: bench.timeoutMs,
      onStdout: (chunk) => {
        stream.push(chunk);
      },
      maxStderrBytes,
    },
    signal,
  );
  return suiteRunOf(request.runner, ended, stream.end());
}

/** Judges how a run ended: by what the engine saw first, then by whether the stream is whole and fits the exit code. */
export function suiteRunOf(runner: SuiteRunner, ended: EndedProcess, results: StreamResults): SuiteRun {
  const seen = {exitCode: ended.exitCode, tests: [...results.tests], cut: [...results.cut]};
  const stderr = lastLines(ended.stderr);
  if (ended.outOfMemory) return {end: 'out-of-memory', detail: stderr, ...seen};
  if (ended.overDisk !== undefined) return {end: 'out-of-disk', detail: stderr, ...seen};
  if (ended.timedOut) return {end: 'time-out', detail: stderr, ...seen};
  if (!runner.streams && cannotStart(runner, ended.exitCode)) return {end: 'not-started', detail: stderr, ...seen};
  if (!runner.streams) return {end: 'complete', detail: stderr, exitCode: ended.exitCode, tests: [], cut: []};
  const success = results.success;
  if (success !== undefined && runner.agrees(ended.exitCode, success) && success === !hasFailures(results)) return {end: 'complete', detail: stderr, ...seen};
  const problem = results.problem === '' ? 'the results do not agree with how the runner ended' : results.problem;
  const empty = results.tests.length === 0 && !results.ended;
  const end = !results.started ? 'not-started' : empty && runner.notLoaded.includes(ended.exitCode) ? 'not-loaded' : 'no-results';
  return {end, detail: [`${problem} (exit code ${ended.exitCode})`, stderr].filter((part) => part !== '').join(': '), ...seen};
}

/** 126 and 127: what the engine and a shell say of a command that is not there. A command with a path is the repository's own. */
function cannotStart(runner: SuiteRunner, exitCode: number): boolean {
  return [126, 127].includes(exitCode) && runner.argv()[0]?.includes('/') === false;
}

/** A run in which nothing ran is no success for pytest (also when every module was skipped) and one for node: only failures must fit. */
function hasFailures(results: StreamResults): boolean {
  return results.tests.some((test) => test.status === 'failed') || (results.success === false && results.tests.every((test) => test.status === 'skipped'));
}

function lastLines({head, tail}: Captured): string {
  const text = new TextDecoder().decode(tail.length > 0 ? tail : head);
  return escapeText(text.trim().split('\n').slice(-8).join('\n').slice(-1000), {lines: true});
}

async function removeQuietly({engine, tell}: SuiteBench, name: string): Promise<void> {
  try {
    // Clean-up also happens after an abort: it has a time limit of its own.
    await engine.removeSnapshot(name, AbortSignal.timeout(30_000));
  } catch {
    tell(`The volume ${name} could not be removed; \`bulkhead clean\` will.`);
  }
}
