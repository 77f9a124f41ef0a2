import {z} from 'zod';
import {SuiteEnd} from '../../core/verification.js';

/** How one test ended. `todo` is an expected or announced failure; like `skipped` it proves nothing. */
export const TestStatus = z.enum(['passed', 'failed', 'skipped', 'todo']);
export type TestStatus = z.infer<typeof TestStatus>;

/**
 * One result of a suite. `kind` is `test`, or `file` for the result of a file as a whole: it reported no test of its
 * own (passed), or did not load or ended badly (failed). A file has an empty `path`.
 */
export const SeenTest = z.strictObject({
  kind: z.enum(['test', 'file']),
  /** As the runner names it, relative to the workspace. */
  file: z.string(),
  /** Suites from the outside in, then the name. */
  path: z.array(z.string()),
  status: TestStatus,
  /** First line of a failure, as the code under test wrote it: to be escaped before it is shown. */
  message: z.string().optional(),
});
export type SeenTest = z.infer<typeof SeenTest>;

/** What one run of a suite in a container of its own gave. Also the form in which base results are cached. */
export const SuiteRun = z.strictObject({
  end: SuiteEnd,
  exitCode: z.int(),
  /** Why it is not complete, or the end of stderr; as the code under test wrote it. */
  detail: z.string(),
  /** In the order of the stream; everything that arrived, whatever the end. */
  tests: z.array(SeenTest),
  /** Files whose process ended before all of their tests had reported. */
  cut: z.array(z.string()),
});
export type SuiteRun = z.infer<typeof SuiteRun>;
