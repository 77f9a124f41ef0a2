import type {SandboxEngine, BoxLimits, LockedImage, Ownership} from '../../core/sandbox.js';
import {canonicalJson, sha256} from '../../core/canonical.js';
import type {Manifest} from '../../core/manifest.js';
import type {SeedFile} from '../../core/tree.js';
import type {TestSummary} from '../../core/verification.js';
import type {Actors} from '../owners.js';
import type {SuiteRunner} from '../runners/runner.js';
import {judgeExitCode} from '../tests/exit-code.js';
import {filesToProve} from '../tests/fail-to-pass.js';
import {takeInventory} from '../tests/inventory.js';
import {judgeTests} from '../tests/judge.js';
import {SuiteRun} from '../tests/results.js';
import {runSuite, type SuiteBench} from '../tests/suite.js';
import {baseTree, beforeTree, mergedTree, type TreeParts} from '../trees.js';
import type {CheckOutcome} from './outcome.js';

/** Results of base suites, kept between verifications by whoever runs them. What it gives back is parsed, never trusted. */
export interface BaseCache {
  get(key: string): Promise<unknown>;
  set(key: string, value: SuiteRun): Promise<void>;
}

/** What the check of tests works with. */
export interface TestsInput {
  readonly manifest: Manifest;
  readonly tests: NonNullable<Manifest['tests']>;
  readonly runner: SuiteRunner;
  readonly trees: TreeParts;
  readonly actors: Actors;
  readonly engine: SandboxEngine;
  readonly image: LockedImage;
  readonly ownership: Ownership;
  readonly limits: BoxLimits;
  readonly harness: readonly SeedFile[];
  /** Prefix of every volume and container. */
  readonly namePrefix: string;
  readonly baseCache?: BaseCache | undefined;
  readonly tell: (line: string) => void;
}

/**
 * Do the tests hold? Three runs in fresh containers, one after the other so that they do not disturb each other: the
 * base, the base with the new tests, the merged commit. Throws the engine's AppErrors: they say nothing about the work.
 */
export async function checkTests(input: TestsInput, signal: AbortSignal): Promise<CheckOutcome & {readonly summary: TestSummary}> {
  const {manifest, tests, runner, actors, trees, tell} = input;
  const bench: SuiteBench = {...input, timeoutMs: tests.timeoutMs};
  tell('tests on the base');
  const base = await baseRun(input, bench, signal);
  const commit = new Set((await trees.commit.list(signal)).map((file) => file.path));
  const only = filesToProve(tests, (path) => commit.has(path) && !trees.protection.remove.has(path));
  if (only.length > 0) tell('new tests without the new work');
  const before = only.length === 0 ? undefined : await runSuite(bench, {name: `${input.namePrefix}-before`, files: beforeTree(trees, manifest, signal), runner, only}, signal);
  tell('tests on the merged commit');
  const merged = await runSuite(bench, {name: `${input.namePrefix}-merged`, files: mergedTree(trees, signal), runner}, signal);
  const evidence = {manifest, tests, base, before, merged, actors};
  const {summary, findings} = runner.streams ? judgeTests({...evidence, inventory: takeInventory(base, merged)}, runner.name) : judgeExitCode(evidence);
  const {passed, total} = summary;
  // Not every test must pass: known failures of the base are named, and block nothing.
  return {result: {check: 'tests', outcome: findings.length > 0 ? 'failed' : 'passed', passed, total}, findings, summary};
}

async function baseRun(input: TestsInput, bench: SuiteBench, signal: AbortSignal): Promise<SuiteRun> {
  const {trees, runner, image, limits, harness, tests, baseCache, namePrefix} = input;
  const key = sha256(
    canonicalJson({
      form: 1,
      tree: trees.base.tree,
      image: image.id,
      argv: runner.argv(),
      env: runner.env,
      limits,
      timeoutMs: tests.timeoutMs,
      harness: harness.map((file) => [file.path, sha256(file.bytes)]),
    }),
  );
  const known = SuiteRun.safeParse(await baseCache?.get(key));
  if (known.success) return known.data;
  const run = await runSuite(bench, {name: `${namePrefix}-base`, files: baseTree(trees.base, signal), runner}, signal);
  // A run that did not end in order may end otherwise the next time.
  if (run.end === 'complete') await baseCache?.set(key, run);
  return run;
}
