// Starts the vitest that the project has installed (1 to 4), with a reporter of ours:
// `node vitest.mjs [--bulkhead-only JSON] ARGUMENTS…`. What stays in force of the project's own options, and what does
// not, is written in src/verify/runners/vitest.ts. Test code runs in other processes or threads than this.
import {join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import stream from './result-stream.cjs';

const {only, args} = stream.readArgs(process.argv.slice(2));
const entry = pathToFileURL(join(stream.packageFolder('vitest'), 'dist/node.js')).href;
const results = stream.openResults('vitest');
const state = {context: undefined, started: false, sent: new Set()};

const reporter = {
  onInit: (context) => {
    state.context = context;
  },
  onPathsCollected: () => {
    state.started = true;
  },
  onTestRunStart: () => {
    state.started = true;
  },
  // All majors send every change of a task; a file comes with its last state after all of its tests.
  onTaskUpdate: (packs) => {
    for (const [id] of packs) {
      const task = state.context.state.idMap.get(id);
      if (task?.filepath !== undefined && ['pass', 'fail', 'skip', 'todo'].includes(task.result?.state)) tellFile(task);
    }
  },
  onFinished: (files = state.context.state.getFiles(), errors = state.context.state.getUnhandledErrors()) => finish(files, errors),
  onTestRunEnd: (modules, errors, reason) => finish(modules.map((module) => module.task), errors, reason),
};

function finish(files, errors, reason) {
  for (const file of files) tellFile(file);
  for (const error of errors) results.file(error?.VITEST_TEST_PATH, 'crashed', error);
  if (reason === 'interrupted') results.file(undefined, 'crashed', 'the run was interrupted');
  results.end();
}

function tellFile(file) {
  if (state.sent.has(file.id)) return;
  state.sent.add(file.id);
  const several = (state.context.projects ?? []).length > 1 && file.projectName;
  const before = several ? [`[${file.projectName}]`] : [];
  const broken = file.result?.errors?.[0];
  const told = tellTasks(file, before, file.result?.state === 'fail' && broken !== undefined);
  if (broken !== undefined && told === 0) results.file(file.filepath, 'unloaded', broken);
  else if (broken !== undefined) results.test(file.filepath, [...before, '(hooks)'], 'failed', broken);
  else if (told === 0) results.file(file.filepath, file.mode === 'skip' ? 'whole' : 'unloaded', 'it has no test');
  else if (!['pass', 'fail', 'skip', 'todo'].includes(file.result?.state) && file.mode === 'run') results.file(file.filepath, 'crashed', 'its process ended before its tests had reported');
}

/** Tells what is below one task; `hooked`: a hook around it failed. Gives the number of tests. */
function tellTasks(parent, path, hooked) {
  let told = 0;
  for (const task of parent.tasks ?? []) {
    const at = [...path, task.name === '' ? '(no name)' : task.name];
    if (task.tasks === undefined) {
      told += 1;
      const [status, message] = statusOf(task, hooked);
      // Without a status its process ended before it: that is said of the file, and a test that never ended has not failed.
      if (status !== undefined) results.test(fileOf(task), at, status, message);
      continue;
    }
    const broken = task.result?.errors?.[0];
    told += tellTasks(task, at, hooked || broken !== undefined);
    if (broken !== undefined) results.test(fileOf(task), [...at, '(hooks)'], 'failed', broken);
  }
  return told;
}

function fileOf(task) {
  return (task.file ?? task.suite?.file)?.filepath;
}

function statusOf({mode, result, fails}, hooked) {
  if (mode === 'todo') return ['todo'];
  const state = result?.state;
  if (state === 'fail') return ['failed', result.errors?.[0]];
  if (state === 'pass' && result.retryCount > 0) return ['failed', 'it passed only when it was run again'];
  // It passed by failing, which proves nothing.
  if (state === 'pass') return [fails ? 'todo' : 'passed'];
  if (hooked) return ['failed', 'it did not run, because a hook failed'];
  if (mode === 'skip' || state === 'skip') return ['skipped'];
  return [undefined];
}

process.on('exit', (code) => {
  // Without a test file no reporter is told anything.
  if (state.context !== undefined && !state.started && code === 0) results.end();
});

process.env.VITEST ??= 'true';
process.env.TEST ??= 'true';
process.env.NODE_ENV ??= 'test';
const {parseCLI, startVitest} = await import(entry);
const {filter, options} = parseCLI(['vitest', 'run', ...args]);
for (const name of ['reporter', 'outputFile', 'coverage', 'ui', 'open', 'merge-reports', 'mergeReports']) delete options[name];
const locked = {
  run: true,
  watch: false,
  reporters: [reporter],
  retry: 0,
  bail: 0,
  allowOnly: false,
  passWithNoTests: true,
  dangerouslyIgnoreUnhandledErrors: false,
  update: false,
  coverage: {enabled: false},
  ui: false,
};
const context = await startVitest('test', only?.map((place) => resolve(place)) ?? filter, {...options, ...locked}, {cacheDir: '/tmp/.vite'});
await context?.exit();
