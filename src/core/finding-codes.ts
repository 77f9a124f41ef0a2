import type {CodeEntry} from './code-entry.js';

/** What a verification saw that is not as promised. The outside contract: a code is never renamed. */
export const findingTable = {
  FILE_MISSING: {
    exit: 1,
    title: 'A promised file does not exist.',
    explain: 'The manifest promises this path, and the merged commit does not have it. Its owner must deliver it; saying so is not enough.',
  },
  FILE_UNCHANGED: {
    exit: 1,
    title: 'A file that should have changed is the same as on the base.',
    explain: 'The manifest says `action: modify`, but the bytes equal those of the base commit. (A change of the mode alone does not count.)',
  },
  FILE_NOT_CREATED: {
    exit: 1,
    title: 'A file that should be new existed already.',
    explain: 'The manifest says `action: create`, but the base commit has the path. Use `modify`, or correct the path.',
  },
  FILE_NOT_DELETED: {
    exit: 1,
    title: 'A file that should be gone is still there.',
    explain: 'The manifest says `action: delete`, but the merged commit has the path.',
  },
  FILE_IGNORED: {
    exit: 1,
    title: 'A delivered file is ignored by .gitignore, so it is not part of the work.',
    explain: 'Change .gitignore, or name the path under allow.ignoredFiles.',
  },
  CONTENT_MISSING: {
    exit: 1,
    title: 'A file does not contain what the manifest says it must.',
    explain: 'The finding names the requirement (a text, a pattern, an export, an import, a definition, error handling) that the content of the merged commit does not meet. What stands in a comment or a text is no code: rules of syntax look at the syntax tree.',
  },
  STUB: {
    exit: 1,
    title: 'A delivered file has a placeholder.',
    explain: 'An exported function without anything in it, a function that only throws that it is not implemented, or a comment that begins with TODO, FIXME or XXX, none of which was there on the base. Example: `export function take() {}`. Finish the work. Where the placeholder is wanted, name the path under allow.stubs.',
  },
  TEST_FAILED: {
    exit: 1,
    title: 'A promised test fails.',
    explain: 'A test in a file that the manifest promises ran in the clean container and failed. The message has the first line of its failure.',
  },
  TEST_MISSING: {
    exit: 1,
    title: 'A test file has fewer tests than promised.',
    explain: 'The manifest says `minTests`, and the clean container saw fewer in that file.',
  },
  TEST_SKIPPED: {
    exit: 1,
    title: 'A promised test was skipped.',
    explain: 'A skipped or todo test proves nothing. Let it run, or remove it from the promise.',
  },
  NO_TESTS_RUN: {
    exit: 1,
    title: 'No test ran.',
    explain: 'The test command ended without a single result. That is never a success, whatever its exit code.',
  },
  NO_TEST_RESULTS: {
    exit: 1,
    title: 'The test run ended without a complete result stream.',
    explain: 'The runner died, exited early or was replaced: the stream has no end marker, or its counts do not agree with its exit state. Results that did arrive are listed.',
  },
  NOT_FAIL_TO_PASS: {
    exit: 1,
    title: 'A new test also passes without the new work.',
    explain: 'Run on the base commit, the test passes already, so it does not show that anything was built.',
  },
  REGRESSION: {
    exit: 1,
    title: 'A test that passed before fails now.',
    explain: 'The same test passed on the base commit in the same clean container. The message has the first line of its failure.',
  },
  TESTS_VANISHED: {
    exit: 1,
    title: 'A test that passed before no longer exists.',
    explain: 'It ran on the base commit and gave no result now, in a file that the manifest does not allow to change.',
  },
  PROTECTED_FILE_CHANGED: {
    exit: 1,
    title: 'An existing test or a file that steers tests was changed without permission.',
    explain: 'It was graded with the version of the base commit. If the change is wanted, name the path in tests.files, in files with `action: modify`, or in allow.testConfig.',
  },
  SCOPE_VIOLATION: {
    exit: 1,
    title: 'A specialist wrote outside its scope.',
    explain: 'The change was left out of its submission. If it is wanted, give the path to that specialist in the manifest or widen its scope.',
  },
  UNSAFE_NAME: {
    exit: 1,
    title: 'A submission has a name, link or kind of file that is never accepted.',
    explain: 'For example a path with a `.git` component, a link that leaves the tree, a device, or two names that differ only in case. It was left out of the submission.',
  },
  MERGE_CONFLICT: {
    exit: 1,
    title: 'Two submissions could not be merged.',
    explain: 'The owner was asked to rework it on the merge so far, as often as the limit allows, and a person then left it out.',
  },
  NO_SUBMISSION: {
    exit: 1,
    title: 'A specialist ended without handing anything in.',
    explain: 'It stopped, ran out of turns or failed before it submitted. What its box held was kept as a submission all the same, if there was anything.',
  },
  BUDGET_SPENT: {
    exit: 1,
    title: 'A budget is used up.',
    explain: 'A specialist used all the model turns of one phase. What its box held was taken as it was. Raise `maxTurns` in your own configuration, or make the task smaller.',
  },
  TIME_OUT: {
    exit: 1,
    title: 'The tests did not end in time.',
    explain: 'The container was killed at tests.timeoutMs. Results that arrived before are listed.',
  },
  OUT_OF_MEMORY: {
    exit: 1,
    title: 'The tests used more memory than the box has.',
    explain: 'The kernel ended the container. Raise the limit, or make the tests use less.',
  },
  OUT_OF_DISK: {
    exit: 1,
    title: 'A box wrote more than it may, and was ended.',
    explain:
      'Bulkhead watches what each box writes into its own layer (`limits.diskMiB` and `limits.inodes`) and ends a box that reaches its limit. The work of a specialist up to there is kept as far as a submission may hold it, and a new box goes on from it; this finding says that its boxes were ended so again and again. In a verification the tests wrote too much. Example: a command that fills a log without an end. Let it write less, or raise the limit in your own configuration.',
  },
  DEPENDENCIES_BROKEN: {
    exit: 1,
    title: 'The dependencies of the merged commit cannot be installed or prepared, and those of the base could.',
    explain:
      'A specialist changed package.json or the lock file so that they do not fit each other, or so that something does not come from an allowed registry with a hash, or `prepare:` fails over them. The tests ran with the dependencies of the base. The owner of the change must take it back or correct it.',
  },
  HARNESS_FAILED: {
    exit: 5,
    title: 'Bulkhead itself could not decide.',
    explain: 'The engine was lost, an image vanished or the disk filled up while verifying, or the tests could not even run on the base. This says nothing about the work. Mend the cause, then `bulkhead resume`.',
  },
} as const satisfies Record<string, CodeEntry>;
