import type {Verdict} from '../core/verification.js';

/** The exit code of a verdict: 0 verified, 1 blocked, 5 inconclusive. */
export function verdictExit(verdict: Verdict): number {
  return {verified: 0, blocked: 1, inconclusive: 5}[verdict];
}
