import type {CodeEntry} from './code-entry.js';

/** What stops a command. The outside contract: a code is never renamed. */
export const errorTable = {
  USAGE: {
    exit: 2,
    title: 'The command line is not understood.',
    explain: 'A flag or an argument is missing, unknown or of the wrong form. `bulkhead COMMAND --help` lists what it takes.',
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
  INSTALL_UNSUPPORTED: {
    exit: 2,
    title: 'The command of `install:` is none that is known to install without running what it installs.',
    explain:
      'Packages may bring scripts that run while they are installed, and this is the one step with a network. So only a tool is let through of which it is known how to keep it from that: `install: [npm, ci]`, with a package-lock.json. For anything else, make an image that has the dependencies in it and name it with `image:`.',
  },
  INSTALL_REFUSED: {
    exit: 2,
    title: 'A package manifest or lock file asks for something that does not come from an allowed registry.',
    explain:
      'Before anything is fetched, every entry of the lock file must name an address below an allowed registry and a hash of the content, and every dependency a version: no git repository, no other host, no folder, no archive. Allowed are the public registry and what your own configuration lists under `registries`; what the repository says in an .npmrc does not count. The message names the entries.',
  },
  INSTALL_FAILED: {
    exit: 3,
    title: 'The dependencies could not be installed: manifests and lock file are at fault.',
    explain:
      'The package manager said so by its code, for example because package.json and the lock file do not fit each other, a version does not exist, or the content of a package is not the one of the hash. The message has its last words. Correct it on a clean checkout, commit, and run again.',
  },
  REGISTRY_FAILED: {
    exit: 3,
    title: 'The dependencies could not be fetched.',
    explain:
      'A registry did not answer, refused, or the step did not end in time; nothing is said about the work. The box that installs uses the default network of the container engine and the proxies of this environment. Private registries and their tokens are named under `registries` in your own configuration. Then `bulkhead resume`.',
  },
  PREPARE_FAILED: {
    exit: 3,
    title: 'The command of `prepare:` failed.',
    explain: 'It ran over the base commit and its dependencies, without a network, in the image of the run. The message has its last words. What it needs must be in the image or in the lock file.',
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
  AGENT_OS_INVALID: {
    exit: 2,
    title: 'An Agent OS file cannot be understood.',
    explain:
      'A tasks.json, spec.md, orchestration.yml or task detail file has none of the forms that are known, or is too large to be one. Nothing understood is an error, never an empty list. The message names what was looked for; example: `taskGroups: expected array`.',
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
  CHECKOUT_NOT_FREEZABLE: {
    exit: 2,
    title: 'The checkout cannot be taken along as it stands.',
    explain:
      'With --include-dirty a run starts from your files as they are. Some cannot be stored truthfully: a file with conflicts, one that only a filter of yours could store (Bulkhead runs none), one that cannot be read. The message names them, and nothing was started or changed. Commit them yourself, put them aside or ignore them, or leave out --include-dirty.',
  },
  COMMIT_NOT_FOUND: {
    exit: 2,
    title: 'A commit, branch or path does not exist in the repository.',
    explain: 'The name given as `base:` of the manifest does not resolve to a commit here.',
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
    explain:
      'One process drives a run. Wait for it, or end it; a lock whose process is gone is taken over by itself. When nobody can tell whether it is gone (it ran in another container or on another machine, or its lock cannot be read), only you can say so: `bulkhead resume RUN --take-over`.',
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
  FILE_EXISTS: {
    exit: 2,
    title: 'A file that would be written is there already.',
    explain: 'Nothing was written. Bulkhead does not overwrite what a person wrote: look at the file, give another name, or say --force where the command has it.',
  },
  LINK_IN_PATH: {
    exit: 2,
    title: 'A file would have been written through a symbolic link.',
    explain: 'Nothing was written. A repository may come with a link that leads anywhere on this machine, so no part of a path that Bulkhead writes in a checkout may be one. Remove the link, or write the file by hand.',
  },
  CHECKOUT_CHANGED: {
    exit: 2,
    title: 'The checkout is not what the run started from.',
    explain: 'Applying would overwrite or mix work. Commit or stash your changes, or take the result branch instead.',
  },
  APPLY_INTERRUPTED: {
    exit: 3,
    title: 'An interrupted delivery into the checkout could not be undone.',
    explain:
      'A process ended while it brought a result into your checkout, and what it left cannot be told from work of yours, so nothing was touched. The message names the folder in which your index, or files that had changed since, are kept; nothing of yours is lost. When the checkout is as you want it, remove that folder.',
  },
  PULL_REQUEST_FAILED: {
    exit: 3,
    title: 'The pull request could not be opened.',
    explain:
      'The result branch is in your repository; only what comes after it failed: sending it to the remote, or `gh` (GitHub) or `glab` (GitLab), which must be installed and logged in (`gh auth status`, `glab auth status`). The message says which. Do it by hand with `git push REMOTE BRANCH`, or mend the cause and deliver again: what is done already is not done twice.',
  },
  CONFLICT_OPEN: {
    exit: 6,
    title: 'A conflict of two submissions waits for a person.',
    explain:
      'git, the rules for files that are only added to, the owners and the resolver could not merge a submission. The run is parked, and nothing is lost. The message names a file with both sides and the commands: resolve the conflict in a commit and go on with `bulkhead resume RUN --resolution COMMIT`, or leave the submission out with `bulkhead resume RUN --leave-out SPECIALIST`; then it is a finding.',
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
  DISK_BUDGET: {
    exit: 3,
    title: 'The state of Bulkhead takes more disk space than it may.',
    explain:
      'A new run is refused so that no run fills your disk. `bulkhead clean --usage` shows what takes the space. `bulkhead discard RUN` drops a run that you need no more, `bulkhead clean --older-than 7d` puts delivered ones into quarantine, which is emptied after seven days; undelivered work is never taken. The folder of a repository that you have deleted may be removed as a whole. Or allow more: `disk: {budgetGiB: 40}` in your own configuration.',
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
  BOX_NOT_FOUND: {
    exit: 2,
    title: 'There is no living box of that specialist.',
    explain:
      'A box lives while its specialist works; when a run parks, ends or goes on to verify, the work of its boxes is brought home and the boxes are gone. The message lists the boxes that live now. `bulkhead status RUN` shows who works; `bulkhead diff RUN SPECIALIST` shows work that came home; `bulkhead resume RUN` goes on with a run that waits.',
  },
  WORKSPACE_LOST: {
    exit: 3,
    title: 'Work that was not brought home yet is not on the container engine.',
    explain:
      'A box had begun to work, and its volumes are not on the engine that is used now. Most often the run was begun with another engine: name that one with --engine. If the volumes were deleted, their work cannot be had back; `bulkhead resume RUN --accept-loss` goes on without it.',
  },
  INCONCLUSIVE: {
    exit: 5,
    title: 'The verification could not decide.',
    explain: 'The engine was lost, an image vanished, the disk filled up or the tests cannot even run on the base. This says nothing about the work, which is kept. Mend the cause that the message names, then `bulkhead resume`.',
  },
  INTERRUPTED: {
    exit: 130,
    title: 'You interrupted it.',
    explain: 'The work so far is kept. `bulkhead resume` goes on; `bulkhead discard` drops it.',
  },
  CANCELLED: {
    exit: 130,
    title: 'The run was cancelled.',
    explain: '`bulkhead cancel` ended it for good. Everything that its specialists did until then is kept as commits: `bulkhead diff RUN SPECIALIST` shows it, `bulkhead discard RUN` drops it. To go on later instead, park a run: Ctrl-C, or `bulkhead park RUN`.',
  },
  INTERNAL: {
    exit: 70,
    title: 'This is a bug in Bulkhead.',
    explain: 'Please report it with the output of the same command under --json.',
  },
} as const satisfies Record<string, CodeEntry>;
