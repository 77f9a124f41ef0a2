import type {SeenTest} from '../tests/results.js';
import type {StreamResults} from '../tests/stream.js';

/**
 * Most bytes of a report that are read, most results that are kept of it and most characters of their names, how deep it
 * may be nested, how long one name may be, and how many attributes one tag may have.
 */
export const reportLimits = {bytes: 64 * 1024 * 1024, results: 200_000, characters: 64 * 1024 * 1024, depth: 32, nameLength: 1000, attributes: 256} as const;

/** Results of a report, and the first reason why it cannot be believed. */
export interface ReportRows {
  readonly tests: readonly SeenTest[];
  /** Empty as long as nothing is wrong. */
  readonly problem: string;
  add(test: SeenTest): void;
  fail(problem: string): void;
  /** Counts bytes that came; false when there were too many or something was wrong before. */
  take(bytes: number): boolean;
}

/** Collects the results of one report within {@link reportLimits}; more than that is a problem of the report. */
export function startRows(): ReportRows {
  const tests: SeenTest[] = [];
  let problem = '';
  let [bytes, characters] = [0, 0];
  const fail = (why: string): void => {
    if (problem === '') problem = why;
  };
  return {
    tests,
    get problem() {
      return problem;
    },
    add: (test) => {
      const kept = {...test, path: test.path.map(shortName), file: shortName(test.file)};
      // A name that is written once can stand in front of every result: what is kept may be far more than what came.
      characters += kept.path.reduce((sum, part) => sum + part.length, kept.file.length);
      if (tests.length >= reportLimits.results) fail(`the report has more than ${reportLimits.results} results`);
      else if (characters > reportLimits.characters) fail('the names of the report are too long for so many results');
      else tests.push(kept);
    },
    fail,
    take: (count) => {
      bytes += count;
      if (bytes > reportLimits.bytes) fail(`the report is longer than ${reportLimits.bytes / 1024 / 1024} MiB`);
      return problem === '';
    },
  };
}

/** What a report says as a whole, in the form of a stream. */
export function resultsOf({tests, problem}: ReportRows): StreamResults {
  const success = problem === '' ? tests.every((test) => test.status !== 'failed') : undefined;
  return {tests, cut: [], started: true, ended: problem === '', success, problem};
}

function shortName(name: string): string {
  return name.slice(0, reportLimits.nameLength);
}
