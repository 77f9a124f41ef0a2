import {z} from 'zod';
import {CheckName, Finding} from './finding.js';

/** What a verification ends with. `inconclusive`: the harness itself could not decide. */
export const Verdict = z.enum(['verified', 'blocked', 'inconclusive']);
export type Verdict = z.infer<typeof Verdict>;

/** How one check ended. */
export const CheckResult = z.strictObject({
  check: CheckName,
  outcome: z.enum(['passed', 'failed', 'inconclusive', 'notConfigured']),
  passed: z.int().min(0),
  total: z.int().min(0),
});
export type CheckResult = z.infer<typeof CheckResult>;

/**
 * How one run of a suite ended, as the host saw it. Only `complete` says that every result arrived. `not-started`: the
 * runner never said a word, as in an image that lacks it. `not-loaded`: it started, and what it loads before any test
 * (a configuration, a setup file, pytest's conftest.py) failed.
 */
export const SuiteEnd = z.enum(['complete', 'time-out', 'out-of-memory', 'out-of-disk', 'no-results', 'not-started', 'not-loaded']);
export type SuiteEnd = z.infer<typeof SuiteEnd>;

const ids = z.array(z.string());
/** Per test id, `file > suite > name`: what became of it between the base and the merged commit. */
export const TestSummary = z.strictObject({
  runner: z.string(),
  baseEnd: SuiteEnd.describe('how the run on the base ended'),
  beforeEnd: SuiteEnd.optional().describe('how the run of the new tests on the base ended, where there was one'),
  total: z.int(),
  passed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  new: ids,
  kept: ids,
  broken: ids,
  vanished: ids,
  knownFailing: ids.describe('failed on the base already and fail now; they excuse nothing new'),
  failToPass: z.strictObject({wanted: z.int(), met: z.int(), byLoad: ids.describe('gave no result on the base because their file did not load there')}),
});
export type TestSummary = z.infer<typeof TestSummary>;

/** What one verification of one commit saw. */
export const Verification = z.strictObject({
  verdict: Verdict,
  commit: z.string(),
  tree: z.string(),
  base: z.string(),
  checks: z.array(CheckResult),
  findings: z.array(Finding),
  tests: TestSummary.optional(),
  restored: z.array(z.string()).describe('protected files that were graded with the version of the base'),
  durationMs: z.int(),
});
export type Verification = z.infer<typeof Verification>;

/** The verdict is a pure function: a harness finding or an inconclusive check first, then any finding, then any check that did not pass. */
export function verdictOf(checks: readonly CheckResult[], findings: readonly Finding[]): Verdict {
  if (findings.some((item) => item.evidence.class === 'harness')) return 'inconclusive';
  if (checks.some((check) => check.outcome === 'inconclusive')) return 'inconclusive';
  if (findings.length > 0 || checks.some((check) => check.outcome === 'failed')) return 'blocked';
  return checks.some((check) => check.outcome === 'passed') ? 'verified' : 'inconclusive';
}
