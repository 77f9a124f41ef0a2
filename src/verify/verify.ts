import {AppError} from '../core/errors.js';
import {finding, type CheckName, type Finding} from '../core/finding.js';
import type {Manifest} from '../core/manifest.js';
import type {BoxLimits, LockedImage, Ownership, SandboxEngine} from '../core/sandbox.js';
import type {SeedFile, TreeReader} from '../core/tree.js';
import {verdictOf, type Verification} from '../core/verification.js';
import {checkContent} from './checks/content/content.js';
import {checkFiles} from './checks/files.js';
import {notConfigured, type CheckOutcome} from './checks/outcome.js';
import {checkTests} from './checks/tests.js';
import {runBase, type BaseCache} from './base-run.js';
import {actorsOf, changedPaths} from './owners.js';
import {planProtection} from './protect.js';
import {readReach, type Reach} from './reach.js';
import {planSuite, type SuiteRunner} from './runners/runner.js';
import type {Side} from './tests/sides.js';
import type {SuiteBench} from './tests/suite.js';

/** Asks whether a manifest is true of a commit. */
export interface VerifyRequest {
  readonly manifest: Manifest;
  readonly base: TreeReader;
  /** The merged commit, or any other that is to be verified. */
  readonly commit: TreeReader;
  readonly engine: SandboxEngine;
  readonly image: LockedImage;
  readonly ownership: Ownership;
  /** Every volume and container is named `<namePrefix>-…`; decided and journalled by the caller, another for each pair of commits. */
  readonly namePrefix: string;
  readonly limits: BoxLimits;
  /** Findings of import and merge: they belong to the verdict. */
  readonly carried: readonly Finding[];
  /** Our reporters, as `readHarness` gives them. */
  readonly harness: readonly SeedFile[];
  /** Which specialists' submissions touched a path; without it, the manifest's owners answer for it. */
  readonly authors?: ((path: string) => readonly string[]) | undefined;
  readonly baseCache?: BaseCache | undefined;
  /** Submissions whose conflicts were resolved by hand: the tests that they brought have to be in the merge. */
  readonly sides?: readonly Side[] | undefined;
  /** Layers over each tree, the topmost first, that must be on the engine: the dependencies of its own lock file. Default: none. */
  readonly layers?: {readonly base: readonly string[]; readonly commit: readonly string[]} | undefined;
  /** Progress in words, for a person who waits. */
  readonly tell?: ((line: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/**
 * Verifies one commit: the five checks in order, all of them whatever the earlier ones say. The tests run on the base
 * first, because what ran there is a test. A machine that fails (the engine, the disk, git) makes a check inconclusive
 * and never a failed test. Throws MANIFEST_INVALID when the test command does not fit its runner, and the signal's
 * reason on an abort.
 */
export async function verifyCommit(request: VerifyRequest): Promise<Verification> {
  const {manifest, base, commit, signal, carried, authors} = request;
  const started = performance.now();
  const [before, after] = [await base.list(signal), await commit.list(signal)];
  const suite = await planRuns(request);
  const baseRun = suite && (await orInconclusive('tests', signal, () => runBase({...request, ...suite}, signal)));
  const seen = baseRun !== undefined && 'end' in baseRun ? baseRun : undefined;
  const noRun = baseRun !== undefined && 'result' in baseRun ? baseRun : undefined;
  const testFiles = seen?.tests.map((test) => test.file) ?? [];
  const reach = suite?.reach ?? {lines: [], paths: new Set<string>()};
  const protection = await planProtection({manifest, base, commit, reach, testFiles}, signal);
  const actors = actorsOf({manifest, changed: changedPaths(before, after), authors});
  const trees = {base, commit, protection};

  const files = checkFiles({manifest, base: before, commit: after, protectedChanges: protection.changes, actors});
  const content = await orInconclusive('content', signal, () => checkContent({manifest, base, commit}, signal));
  const tested = suite && seen ? await orInconclusive('tests', signal, () => checkTests({...request, ...suite, base: seen, trees, actors}, signal)) : noRun;

  const outcomes = [files, content, tested ?? notConfigured('tests'), notConfigured('acceptance'), notConfigured('integration')];
  const checks = outcomes.map((outcome) => outcome.result);
  const findings = [...carried, ...outcomes.flatMap((outcome) => outcome.findings)];
  return {
    verdict: verdictOf(checks, findings),
    commit: commit.commit,
    tree: commit.tree,
    base: base.commit,
    checks,
    findings,
    ...(tested?.summary === undefined ? {} : {tests: tested.summary}),
    restored: protection.changes.map((change) => change.path),
    durationMs: Math.round(performance.now() - started),
  };
}

interface PlannedRuns {
  readonly tests: NonNullable<Manifest['tests']>;
  readonly runner: SuiteRunner;
  readonly bench: SuiteBench;
  readonly reach: Reach;
}

async function planRuns(request: VerifyRequest): Promise<PlannedRuns | undefined> {
  const {manifest: {tests}, base, signal, tell = () => undefined} = request;
  if (tests === undefined) return undefined;
  const packageJson = await base.read('package.json', signal);
  const runner = planSuite(tests, packageJson && new TextDecoder().decode(packageJson));
  tell('tests on the base');
  return {tests, runner, reach: await readReach(tests, base, signal), bench: {...request, tell, timeoutMs: tests.timeoutMs}};
}

/** Exit code 3 is the class of errors of the machine; anything else, and an abort, goes on to the caller. */
async function orInconclusive<T>(check: CheckName, signal: AbortSignal, run: () => Promise<T>): Promise<T | CheckOutcome> {
  try {
    return await run();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError) || error.exitCode !== 3) throw error;
    const detail = `${error.code}: ${error.message}`;
    const harness = finding({
      code: 'HARNESS_FAILED',
      check,
      owners: [],
      message: `The check of ${check} could not be decided: ${error.message}`,
      hint: error.hint ?? 'Verify again. `bulkhead doctor` looks at the machine.',
      evidence: {class: 'harness', detail},
    });
    return {result: {check, outcome: 'inconclusive', passed: 0, total: 0}, findings: [harness]};
  }
}
