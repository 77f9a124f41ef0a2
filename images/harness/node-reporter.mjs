// Reporter for `node --test`, loaded by the parent process alone; test files run in children whose output never
// reaches this stream. Format: src/verify/tests/stream.ts. Plain JavaScript without imports of the project, because it
// runs in the image's Node.js (20 or later).
import {randomBytes} from 'node:crypto';
import {writeSync} from 'node:fs';

// The nonce is born here and told to the host before the first test process exists: it is in no environment, no
// argument and no file that a test process could read.
const nonce = randomBytes(16).toString('hex');
writeSync(1, `\n@bulkhead hello ${JSON.stringify({v: 1, nonce, runner: 'node', version: process.version})}\n`);

const root = `${process.cwd()}/`;
// Each file has a summary of its own from Node.js 24 on; without one its process ended before its tests did.
const summaries = Number(process.versions.node.split('.')[0]) >= 24;

export default async function* report(source) {
  const files = new Map();
  const sent = {tests: 0, files: 0};
  let success = false;
  const frames = (list) =>
    list.map((frame) => {
      if (frame.t === 'test') sent.tests += 1;
      else sent.files += 1;
      return line(frame);
    });
  for await (const {type, data} of source) {
    if (type === 'test:start') stackOf(files, data)[data.nesting] = data.name;
    if (type === 'test:stderr') keepStderr(fileState(files, data.entryFile ?? data.file), data.message);
    if (type === 'test:pass' || type === 'test:fail') yield* frames(resultFrames(files, type, data));
    if (type === 'test:summary') {
      if (data.file === undefined) success = data.success;
      else fileState(files, data.file).complete = true;
    }
  }
  const cut = [...files].filter(([, state]) => summaries && state.tests > 0 && !state.complete && !state.failed);
  yield* frames(cut.map(([file]) => ({t: 'file', file: relative(file), kind: 'cut', message: 'ended before all of its tests had reported'})));
  yield line({t: 'end', ...sent, success});
}

function resultFrames(files, type, data) {
  const failed = type === 'test:fail';
  const error = data.details?.error;
  if (isWholeFile(data)) {
    const state = fileState(files, data.file);
    state.failed = failed;
    if (!failed) return [{t: 'file', file: relative(data.file), kind: 'whole'}];
    const message = errorLine(state.stderr) ?? (error?.exitCode === undefined ? text(error) : `its process ended with exit code ${error.exitCode}`);
    return [{t: 'file', file: relative(data.file), kind: state.tests === 0 ? 'unloaded' : 'crashed', message}];
  }
  const entry = data.entryFile ?? data.file;
  const path = [...stackOf(files, data).slice(0, data.nesting), data.name];
  const status = statusOf(data, failed);
  if (data.details?.type === 'suite') {
    // A suite speaks for itself where its tests do not: it is skipped or todo, or its own code failed.
    if (status === 'passed' || (status === 'failed' && error?.failureType === 'subtestsFailed')) return [];
    if (error?.failureType === 'hookFailed') path.push('(hooks)');
  }
  fileState(files, entry).tests += 1;
  return [{t: 'test', file: relative(entry), path, status, ...(status === 'failed' ? {message: text(error)} : {})}];
}

function statusOf(data, failed) {
  if (data.skip !== undefined) return 'skipped';
  if (data.todo !== undefined) return 'todo';
  if (failed) return 'failed';
  // Node.js 24 and later: it passed by failing, which proves nothing.
  return data.expectFailure !== undefined && data.expectFailure !== false ? 'todo' : 'passed';
}

// The result of a file itself: its process reported no test, or ended badly.
function isWholeFile(data) {
  if (data.nesting !== 0 || data.entryFile !== undefined || data.file === undefined) return false;
  return data.name === data.file || data.file.endsWith(`/${data.name}`);
}

function stackOf(files, data) {
  return fileState(files, data.entryFile ?? data.file).stack;
}

function fileState(files, file) {
  let state = files.get(file);
  if (state === undefined) files.set(file, (state = {stack: [], stderr: '', tests: 0, complete: false, failed: false}));
  return state;
}

function relative(file) {
  const path = String(file ?? '');
  return path.startsWith(root) ? path.slice(root.length) : path;
}

// Why a file did not load stands only in what its process printed: the first line that names an error.
function keepStderr(state, message) {
  if (state.stderr.length < 8192) state.stderr += String(message).slice(0, 8192);
}

function errorLine(stderr) {
  return /^\w*Error(?: \[\w+\])?: .*$/m.exec(stderr)?.[0];
}

function text(error) {
  const cause = error?.cause ?? error;
  return String(cause?.message ?? cause ?? 'failed');
}

function line(frame) {
  const short = (value, max) => String(value).slice(0, max);
  const fit = (max) =>
    JSON.stringify({
      ...frame,
      ...(frame.file === undefined ? {} : {file: short(frame.file, 1024)}),
      ...(frame.path === undefined ? {} : {path: frame.path.slice(-16).map((part) => short(part, max))}),
      ...(frame.message === undefined ? {} : {message: short(frame.message, max)}),
    });
  const full = fit(500);
  // The leading line break ends whatever half line someone else may have written.
  return `\n@bulkhead ${nonce} ${Buffer.byteLength(full) < 60_000 ? full : fit(60)}\n`;
}
