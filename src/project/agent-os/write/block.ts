import {escapeText} from '../../../core/escape.js';

/** What is told of a verified task where a dialect has a place for it. */
export interface CompletionFacts {
  readonly specialists: number;
  readonly rounds: number;
  readonly runId: string;
  readonly files: {readonly created: number; readonly modified: number; readonly deleted: number; readonly tests: number};
  /** Undefined when the run had no tests. */
  readonly tests: {readonly passed: number; readonly total: number} | undefined;
  /** Where the report stands, relative to the spec's folder; undefined when it could not be put there. */
  readonly report: string | undefined;
}

/** What is told of a task that could not be done. */
export interface Blocker {
  readonly issue: string;
  /** Approaches that were tried. */
  readonly attempts?: number;
  readonly recommendation?: string;
  /** Where the report stands, relative to the spec's folder. */
  readonly report?: string | undefined;
}

/** The guide's block of a completed task, one line each; only what was seen is in it. */
export function completionBlock({specialists, rounds, runId, files, tests, report}: CompletionFacts): readonly string[] {
  const deleted = files.deleted === 0 ? '' : `, ${files.deleted} deleted`;
  const testFiles = files.tests === 0 ? '' : `, ${files.tests} test files`;
  const share = tests === undefined || tests.total === 0 ? 0 : Math.floor((100 * tests.passed) / tests.total);
  return [
    '✅ Completed by orchestrated parallel execution',
    `📊 Metrics: ${specialists} ${specialists === 1 ? 'specialist' : 'specialists'}, ${rounds} ${rounds === 1 ? 'verification' : 'verifications'}, run ${oneLine(runId)}`,
    `✅ Deliverables: ${files.created} files created, ${files.modified} modified${deleted}${testFiles}, ALL verified`,
    ...(tests === undefined ? [] : [`✅ Tests: ${tests.passed}/${tests.total} passing (${share}%)`]),
    '✅ Verification: Complete with evidence',
    ...(report === undefined ? [] : [`📋 Report: ${oneLine(report)}`]),
  ];
}

/** The first line is the rule of all dialects; the others are the guide's. */
export function blockerBlock({issue, attempts, recommendation, report}: Blocker, whole: boolean): readonly string[] {
  const first = `⚠️ Blocking issue: ${oneLine(issue)}`;
  if (!whole) return [first];
  return [
    first,
    ...(attempts === undefined ? [] : [`🔄 Attempts: ${attempts}`]),
    ...(recommendation === undefined ? [] : [`📝 Recommendation: ${oneLine(recommendation)}`]),
    `❌ Verification: Failed${report === undefined ? '' : ` - ${oneLine(report)}`}`,
  ];
}

function oneLine(text: string): string {
  return escapeText(text.replace(/\s+/g, ' ').trim()).slice(0, 500);
}
