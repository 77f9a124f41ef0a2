/** Process exit codes (the outside contract): 0 ok, 1 blocked, 2 usage, 3 environment, 4 model, 5 inconclusive, 6 parked, 70 our bug, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 70 | 130;

interface CodeEntry {
  readonly exit: ExitCode;
  /** One sentence: what it means. */
  readonly title: string;
  /** What `explain` prints: why it happens, an example, and the way out. */
  readonly explain: string;
}

const errorTable = {
  USAGE: {
    exit: 2,
    title: 'The command line is not understood.',
    explain: 'A flag or an argument is missing, unknown or of the wrong form. `bulkhead help COMMAND` lists what it takes.',
  },
  CONFIG_INVALID: {
    exit: 2,
    title: 'A configuration file cannot be used.',
    explain:
      'The file is not valid YAML, has an unknown key, or a value of the wrong type. Bulkhead never falls back to a default when a configuration is wrong. The message names file, line and key; correct it or remove the key.',
  },
  CONFIG_KEY_NOT_ALLOWED: {
    exit: 2,
    title: 'A repository tried to set something that only its user may set.',
    explain:
      'bulkhead.yml comes with the repository, so it is data from a stranger: it may describe the project (image, commands that run in boxes, manifest defaults) but not what acts on your machine or widens a box (model endpoint, key command, runtime, network, mounts, budgets). Move the key into your own configuration ($XDG_CONFIG_HOME/bulkhead/config.yml) or give the flag.',
  },
  MANIFEST_INVALID: {
    exit: 2,
    title: 'The manifest cannot be used.',
    explain:
      'The manifest is the promise that is checked, so nothing in it is guessed. The message names the key and what is wrong with it. Example: `files[2].path: must be a literal path inside the repository`.',
  },
  MANIFEST_KEY_UNSERVED: {
    exit: 2,
    title: 'The manifest asks for a check that this version does not have.',
    explain:
      'Nothing is ever verified with a part of its manifest ignored. Remove the key, or use a version of Bulkhead that serves it.',
  },
  MANIFEST_REQUIRED: {
    exit: 2,
    title: 'There is no manifest, so nothing could be proved.',
    explain:
      'A run needs to know what must exist and hold afterwards. Write a manifest (see the README for a first one of ten lines) and give it with --manifest FILE.',
  },
  TASK_NOT_FOUND: {
    exit: 2,
    title: 'The task is not in the file.',
    explain: 'The tasks file has no entry of that number, or nothing in it was understood as a task. The message lists what was found.',
  },
  NOT_A_REPOSITORY: {
    exit: 2,
    title: 'The folder is not inside a git repository.',
    explain: 'Bulkhead works on a commit. Run `git init`, commit something, or point to a repository with -C DIR.',
  },
  REPOSITORY_UNSUPPORTED: {
    exit: 2,
    title: 'This kind of repository cannot be worked on.',
    explain: 'For example a bare repository, which has no checkout, or one without a single commit. The message says which and what to do.',
  },
  COMMIT_NOT_FOUND: {
    exit: 2,
    title: 'A commit, branch or path does not exist in the repository.',
    explain: 'The name given with --base, `base:` or as an argument does not resolve to a commit here.',
  },
  RUN_NOT_FOUND: {
    exit: 2,
    title: 'There is no such run.',
    explain: '`bulkhead status` lists the runs of this repository. A prefix of an id is enough when only one run has it.',
  },
  RUN_STATE: {
    exit: 2,
    title: 'The run is not in a state in which this can be done.',
    explain: 'For example delivering a run that is not verified, or resuming one that has ended. The message names the state and the command that fits it.',
  },
  RUN_LOCKED: {
    exit: 3,
    title: 'Another process drives this run.',
    explain: 'One process drives a run. Wait for it, or end it; a lock whose process is gone is taken over by itself.',
  },
  JOURNAL_DAMAGED: {
    exit: 3,
    title: 'The journal of a run is not as it was written.',
    explain:
      'The hash chain is broken: the file was changed, or the disk lost data in its middle. (A torn last line is repaired by itself.) Nothing was changed; the submissions are still commits in the bare repository beside it.',
  },
  INPUT_CHANGED: {
    exit: 3,
    title: 'A step that was begun with one input would now go on with another.',
    explain: 'The journal says that this step was started with different inputs, so its outcome cannot be reused. Start a new run.',
  },
  RESULT_EXISTS: {
    exit: 2,
    title: 'The result branch exists already and points elsewhere.',
    explain: 'Bulkhead never moves a branch that it did not just create. Choose another name with --branch, or delete the branch.',
  },
  CHECKOUT_CHANGED: {
    exit: 2,
    title: 'The checkout is not what the run started from.',
    explain: 'Applying would overwrite or mix work. Commit or stash your changes, or take the result branch instead.',
  },
  ENGINE_MISSING: {
    exit: 3,
    title: 'No container engine was found.',
    explain: 'Bulkhead needs Docker or Podman. `bulkhead setup` says what to install; `bulkhead setup --yes` does it as root on Debian and Ubuntu.',
  },
  ENGINE_UNREACHABLE: {
    exit: 3,
    title: 'A container engine is configured or installed, but does not answer.',
    explain: 'The message names the address that was tried and why it failed. `bulkhead setup` starts an installed engine; `bulkhead doctor` shows every address that was tried.',
  },
  ENGINE_FAILED: {
    exit: 3,
    title: 'The container engine refused or failed an operation.',
    explain: 'The message says which operation. `bulkhead doctor` checks what the engine can do.',
  },
  ENGINE_UNFIT: {
    exit: 3,
    title: 'The container engine lacks something that Bulkhead needs.',
    explain: 'For example overlay mounts or memory limits. The message says what was probed and what the engine did.',
  },
  IMAGE_MISSING: {
    exit: 3,
    title: 'The image is not on the engine.',
    explain: 'Bulkhead never pulls during a run. `bulkhead setup` builds the images of Bulkhead; others are pulled with the engine: `docker pull NAME`.',
  },
  IMAGE_BUILD_FAILED: {
    exit: 3,
    title: 'An image could not be built.',
    explain: 'The message has the last lines of the build. Most often a registry or a package mirror cannot be reached.',
  },
  DISK_FULL: {
    exit: 3,
    title: 'There is not enough disk space.',
    explain: 'Nothing was lost: what was submitted is kept. Free some space (`bulkhead clean` shows and removes leftovers), then `bulkhead resume`.',
  },
  GIT_FAILED: {
    exit: 3,
    title: 'A git command failed.',
    explain: 'The message names the command and its exit code. `bulkhead doctor` checks the installed git.',
  },
  ENVIRONMENT: {
    exit: 3,
    title: 'This machine lacks something that Bulkhead needs.',
    explain: '`bulkhead doctor` checks each part and prints the command that fixes it.',
  },
  MODEL_KEY_MISSING: {
    exit: 4,
    title: 'There is no key for the model.',
    explain: 'A live run needs a key: set ANTHROPIC_API_KEY, or `model.keyFile` in your own configuration. Replayed runs (--model-traffic replay:FILE) need none.',
  },
  MODEL_FAILED: {
    exit: 4,
    title: 'The model provider could not be used.',
    explain: 'The provider refused the request, or kept failing until the attempts were used up. The work so far is kept: `bulkhead resume`.',
  },
  TRAFFIC_INVALID: {
    exit: 2,
    title: 'The traffic script cannot be used.',
    explain: 'The file given with replay: is not a traffic script, or has nothing for a turn that was asked for. What is not scripted is an error, never a guess.',
  },
  INTERRUPTED: {
    exit: 130,
    title: 'You interrupted it.',
    explain: 'The work so far is kept. `bulkhead resume` goes on; `bulkhead discard` drops it.',
  },
  INTERNAL: {
    exit: 70,
    title: 'This is a bug in Bulkhead.',
    explain: 'Please report it with the output of the same command under --json.',
  },
} as const satisfies Record<string, CodeEntry>;

const findingTable = {
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
    explain: 'The finding names the requirement (`contains` or `matches`) that the content of the merged commit does not meet.',
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
    explain: 'The owner was asked to rework it on the merge so far, as often as the limit allows, and it still conflicts.',
  },
  NO_SUBMISSION: {
    exit: 1,
    title: 'A specialist ended without handing anything in.',
    explain: 'It stopped, ran out of turns or failed before it submitted. What its box held was kept as a submission all the same, if there was anything.',
  },
  BUDGET_SPENT: {
    exit: 1,
    title: 'A budget is used up.',
    explain: 'Turns, tokens, money or repair rounds. What was delivered is kept. Raise the budget and `resume`.',
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
  HARNESS_FAILED: {
    exit: 5,
    title: 'Bulkhead itself could not decide.',
    explain: 'The engine was lost, an image vanished or the disk filled up while verifying. This says nothing about the work: verify again.',
  },
} as const satisfies Record<string, CodeEntry>;

/** Codes of errors: what stops a command. */
export type ErrorCode = keyof typeof errorTable;
/** Codes of findings: what a verification saw that is not as promised. */
export type FindingCode = keyof typeof findingTable;

/** The closed table of all codes, with exit code and the text of `explain`. */
export const codes: Readonly<Record<ErrorCode | FindingCode, CodeEntry>> = {...errorTable, ...findingTable};
/** All finding codes, for schemas and tests. */
export const findingCodes = Object.keys(findingTable) as readonly FindingCode[];
