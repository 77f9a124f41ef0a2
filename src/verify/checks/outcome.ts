import type {CheckName, Finding} from '../../core/finding.js';
import type {CheckResult, TestSummary} from '../../core/verification.js';

/** What one check says: its line of the report and what it saw that is not as promised. */
export interface CheckOutcome {
  readonly result: CheckResult;
  readonly findings: readonly Finding[];
  /** Of the check of tests, when they ran. */
  readonly summary?: TestSummary;
}

/** A check that saw `passed` of `total` things hold; any finding makes it fail, and so does a thing that did not hold. */
export function checkOutcome(check: CheckName, {passed, total}: {readonly passed: number; readonly total: number}, findings: readonly Finding[]): CheckOutcome {
  const outcome = total === 0 && findings.length === 0 ? 'notConfigured' : findings.length > 0 || passed < total ? 'failed' : 'passed';
  return {result: {check, outcome, passed, total}, findings};
}

/** A check for which the manifest asks nothing. */
export function notConfigured(check: CheckName): CheckOutcome {
  return {result: {check, outcome: 'notConfigured', passed: 0, total: 0}, findings: []};
}
