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

const ids = z.array(z.string());
/** Per test id, `file > suite > name`: what became of it between the base and the merged commit. */
export const TestSummary = z.strictObject({
  runner: z.string(),
  total: z.int(),
  passed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  new: ids,
  kept: ids,
  broken: ids,
  vanished: ids,
  knownFailing: ids.describe('failed on the base already and fail now; they excuse nothing new'),
  failToPass: z.strictObject({wanted: z.int(), met: z.int(), byLoad: ids.describe('failed on the base only because a file did not load')}),
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
