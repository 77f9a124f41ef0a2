import type {Verification} from '../../../../src/core/verification.js';
import {dialects, type Act, type Dialect, type Start} from './dialects.js';
import type {BoxLimits} from '../../../../src/core/sandbox.js';
import {installedPackages} from './packages.js';
import type {Verifier} from './verifier.js';

type Name = Dialect['name'];

/** One thing that a suite can do, and what a verification says of it. */
interface Shape {
  readonly name: string;
  readonly acts: readonly Act[];
  readonly before?: Start;
  /** Whose configuration names other reporters. */
  readonly config?: 'base' | 'work';
  /** Codes of the findings, in order and once each; another list where a runner sees it in another way. */
  readonly codes: readonly string[];
  readonly otherwise?: Readonly<Partial<Record<Name, readonly string[]>> & Record<`${Name}@${string}`, readonly string[]>>;
  readonly timeoutMs?: number;
  readonly limits?: BoxLimits;
}

const noResults = ['NO_TEST_RESULTS'];

const shapes: readonly Shape[] = [
  {name: 'honest work', acts: ['double'], codes: []},
  {name: 'honest work with strange names and much output', acts: ['double', 'lines', 'shout'], codes: []},
  {name: 'honest work beside configured reporters', acts: ['double'], config: 'base', codes: []},
  {name: 'a failure beside configured reporters', acts: ['double', 'fail'], config: 'base', codes: ['TEST_FAILED']},
  {name: 'reporters that the work configures', acts: ['double', 'fail'], config: 'work', codes: ['PROTECTED_FILE_CHANGED', 'TEST_FAILED']},
  {name: 'a failure beside forged results', acts: ['forge', 'fail'], codes: ['TEST_FAILED']},
  {name: 'an exit with 0 before the first test', acts: ['pass'], before: 'exits', codes: noResults, otherwise: {vitest: ['TEST_FAILED'], node: ['TEST_MISSING']}},
  {name: 'a test that fails', acts: ['double', 'fail'], codes: ['TEST_FAILED']},
  {name: 'a file that does not load', acts: ['double'], before: 'throws', codes: ['TEST_FAILED']},
  // vitest and jest call a file without a test a failure; for the others it is one that has none.
  {name: 'no test in the promised file', acts: [], codes: ['TEST_MISSING'], otherwise: {vitest: ['TEST_FAILED'], jest: ['TEST_FAILED']}},
  {name: 'every promised test skipped', acts: ['skip'], codes: ['TEST_SKIPPED', 'TEST_MISSING']},
  // vitest takes the exit away from the test; node:test runs each file in a process of its own.
  {name: 'an exit with 0 in a test', acts: ['pass', 'exit'], codes: noResults, otherwise: {vitest: ['TEST_FAILED'], node: ['TEST_MISSING']}},
  // Where each file has a process of its own and its parent outlives it, the file is seen to end badly.
  {name: 'a test that kills its process', acts: ['pass', 'kill'], codes: noResults, otherwise: {node: ['TEST_FAILED'], 'vitest@2.1.9': ['TEST_FAILED'], 'vitest@4.1.12': ['TEST_FAILED']}},
  {name: 'a test that uses all memory', acts: ['pass', 'eat'], codes: ['OUT_OF_MEMORY'], limits: {memoryMiB: 400, cpus: 2, pids: 256}},
  {name: 'a test that never ends', acts: ['pass', 'hang'], codes: ['TIME_OUT'], timeoutMs: 25_000},
];

/** One row of the table. */
export interface RunnerCase {
  readonly id: string;
  readonly dialect: Dialect;
  readonly packages: readonly string[];
  readonly shape: Shape;
}

export const runnerCases: readonly RunnerCase[] = dialects.flatMap((dialect) =>
  dialect.versions.flatMap((packages) => shapes.filter((shape) => shape.config === undefined || dialect.config !== undefined).map((shape) => ({id: `${packages[0] ?? dialect.name}: ${shape.name}`, dialect, packages, shape}))),
);

/** What was seen and what should have been, as far as they differ; nothing when the case held. */
export interface CaseEnd {
  readonly expected: unknown;
  readonly seen: unknown;
}

/** Verifies one case. The codes, the verdict, and for honest work the ids of the tests are compared. */
export async function tryCase({dialect, packages, shape}: RunnerCase, verifier: Verifier): Promise<CaseEnd> {
  const {product, testPath, image, command, config} = dialect;
  const base = {...dialect.base, ...(shape.config === 'base' ? config : {})};
  const honest = shape.codes.length === 0;
  const files = [{path: product.path, action: 'create', owner: 'implementation'}];
  const tests = {command, files: [{path: testPath, owner: 'test', covers: [product.path]}], failToPass: honest ? 'auto' : 'none', timeoutMs: shape.timeoutMs ?? 90_000};
  const change = {...(shape.config === 'work' ? config : {}), [product.path]: product.text, [testPath]: dialect.tests(shape.acts, shape.before)};
  const verification = await verifier.verify({image, packages: await installedPackages(...packages), base, change, manifest: {files, tests}, limits: shape.limits});
  const codes = shape.otherwise?.[`${dialect.name}@${packages[0]?.split('@')[1] ?? ''}`] ?? shape.otherwise?.[dialect.name] ?? shape.codes;
  return {expected: {verdict: honest ? 'verified' : 'blocked', runner: dialect.name, codes, ...(honest ? {proof: {wanted: shape.acts.length, met: shape.acts.length}, kept: 7, known: 1} : {})}, seen: seenOf(verification, honest)};
}

function seenOf({verdict, findings, tests}: Verification, honest: boolean): unknown {
  const codes = [...new Set(findings.map((item) => item.code))];
  const proof = {wanted: tests?.failToPass.wanted, met: tests?.failToPass.met};
  return {verdict, runner: tests?.runner, codes, ...(honest ? {proof, kept: tests?.kept.length, known: tests?.knownFailing.length} : {})};
}
