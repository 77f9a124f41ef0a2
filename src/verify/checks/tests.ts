import type {Manifest} from '../../core/manifest.js';
import type {TestSummary} from '../../core/verification.js';
import {runBase, type BaseCache} from '../base-run.js';
import type {Actors} from '../owners.js';
import type {SuiteRunner} from '../runners/runner.js';
import {judgeExitCode} from '../tests/exit-code.js';
import {filesToProve} from '../tests/fail-to-pass.js';
import {takeInventory} from '../tests/inventory.js';
import {judgeTests} from '../tests/judge.js';
import type {SuiteRun} from '../tests/results.js';
import {lostTests, type Side, type SideRun} from '../tests/sides.js';
import {runSuite, type SuiteBench} from '../tests/suite.js';
import {unusableRun} from '../tests/unusable.js';
import {beforeTree, mergedTree, type TreeParts} from '../trees.js';
import type {CheckOutcome} from './outcome.js';

/** What the check of tests works with. */
export interface TestsInput {
  readonly manifest: Manifest;
  readonly tests: NonNullable<Manifest['tests']>;
  readonly runner: SuiteRunner;
  readonly bench: SuiteBench;
  /** What the suite gave on the base as it is. */
  readonly base: SuiteRun;
  readonly trees: TreeParts;
  readonly actors: Actors;
  /** Over both trees with new tests in them: what fails there must not fail for want of a dependency. */
  readonly layers?: {readonly commit: readonly string[]} | undefined;
  /** Prefix of every volume and container. */
  readonly namePrefix: string;
  readonly baseCache?: BaseCache | undefined;
  readonly sides?: readonly Side[] | undefined;
}

/**
 * Do the tests hold? After the base, two more runs in fresh containers, one after the other so that they do not disturb
 * each other: the base with the new tests, and the merged commit. A base that gave nothing to compare with ends it at
 * once. Throws the engine's AppErrors: they say nothing about the work.
 */
export async function checkTests(input: TestsInput, signal: AbortSignal): Promise<CheckOutcome & {readonly summary: TestSummary}> {
  const {manifest, tests, runner, bench, base, actors, trees, namePrefix} = input;
  const layers = input.layers?.commit;
  const compared = {command: tests.command, image: bench.image.reference, timeoutMs: tests.timeoutMs};
  const noBase = unusableRun({which: 'base', run: base, ...compared});
  if (noBase !== undefined) return {result: {check: 'tests', outcome: 'inconclusive', passed: 0, total: 0}, findings: [noBase], summary: nothingSeen(runner, base)};
  const commit = new Set((await trees.commit.list(signal)).map((file) => file.path));
  const only = filesToProve(tests, (path) => commit.has(path) && !trees.protection.remove.has(path)).map((path) => runner.literal(path));
  if (only.length > 0) bench.tell('new tests without the new work');
  const before = only.length === 0 ? undefined : await runSuite(bench, {name: `${namePrefix}-before`, files: beforeTree(trees, manifest, signal), runner, only, layers}, signal);
  bench.tell('tests on the merged commit');
  const merged = await runSuite(bench, {name: `${namePrefix}-merged`, files: mergedTree(trees, signal), runner, layers}, signal);
  const evidence = {manifest, tests, base, before, merged, actors};
  const {summary, findings: judged} = runner.streams ? judgeTests({...evidence, inventory: takeInventory(evidence)}, runner) : judgeExitCode(evidence);
  const lost = lostTests({base, merged, sides: merged.end === 'complete' && runner.streams ? await runSides(input, signal) : []});
  const findings = [...judged, ...lost.map((item) => ({...item, evidence: {...item.evidence, class: runner.evidence}}))];
  const noProof = before && unusableRun({which: 'before', run: before, ...compared});
  const {passed, total} = summary;
  // What a broken comparison would say of single tests is no finding; what the merged run shows by itself is one.
  if (noProof !== undefined) {
    return {result: {check: 'tests', outcome: 'inconclusive', passed, total}, findings: [noProof, ...findings.filter((item) => item.code !== 'NOT_FAIL_TO_PASS')], summary};
  }
  // Not every test must pass: known failures of the base are named, and block nothing.
  return {result: {check: 'tests', outcome: findings.length > 0 ? 'failed' : 'passed', passed, total}, findings, summary};
}

/** The suite on the trees of those sides, each by itself. */
async function runSides({sides = [], runner, bench, namePrefix, baseCache}: TestsInput, signal: AbortSignal): Promise<readonly SideRun[]> {
  const runs: SideRun[] = [];
  for (const [index, {name, commit, layers = []}] of sides.entries()) {
    bench.tell(`tests of the submission of ${name}`);
    runs.push({name, run: await runBase({base: commit, runner, bench, namePrefix: `${namePrefix}-side-${index}`, baseCache, layers: {base: layers}}, signal)});
  }
  return runs;
}

function nothingSeen({name}: SuiteRunner, base: SuiteRun): TestSummary {
  const none = {new: [], kept: [], broken: [], vanished: [], knownFailing: []};
  return {runner: name, baseEnd: base.end, total: 0, passed: 0, failed: 0, skipped: 0, ...none, failToPass: {wanted: 0, met: 0, byLoad: []}};
}
