// The sending side of a result stream, for runners that are started by a script of ours. Format:
// src/verify/tests/stream.ts. Descriptor 3 is the stream; the shell that starts the script has put it there and has
// joined stdout with stderr, so that nothing that is printed reaches it. Node.js gives no descriptor above 2 to children.
'use strict';
const {randomBytes} = require('node:crypto');
const {writeSync} = require('node:fs');
const {join, relative, resolve, sep} = require('node:path');

const stream = 3;
// Code under test may share this process: what is used where the nonce passes is taken before that code is loaded.
const {stringify} = JSON;
const {byteLength, from} = Buffer;

/** Says hello and gives what sends results. The nonce is in no environment, no argument and no file. */
exports.openResults = function openResults(runner) {
  const root = process.cwd();
  const nonce = randomBytes(16).toString('hex');
  const sent = {tests: 0, files: 0};
  let failed = false;
  let ended = false;
  const send = (mark, frame) => {
    // The leading line break ends whatever half line someone else may have written.
    const text = `\n@bulkhead ${mark} ${frame}\n`;
    const size = byteLength(text);
    // As a text, because nobody else's code sees that on its way; a pipe takes all of it at once, as a rule.
    for (let sent = writeSync(stream, text); sent < size; ) sent += writeSync(stream, from(text), sent);
  };
  send('hello', stringify({v: 1, nonce, runner, version: process.version}));
  // A runner that ends with 0 although something failed (a test that passed only when it was run again, a file that did
  // not load) would contradict what was sent.
  process.on('exit', (code) => {
    if (ended && failed && code === 0) process.exitCode = 1;
  });
  return {
    test(file, path, status, message) {
      sent.tests += 1;
      if (status === 'failed') failed = true;
      send(nonce, fit({t: 'test', file: within(root, file), path, status, ...(status === 'failed' ? {message: textOf(message)} : {})}));
    },
    file(file, kind, message) {
      sent.files += 1;
      if (kind !== 'whole' && kind !== 'cut') failed = true;
      send(nonce, fit({t: 'file', file: within(root, file), kind, message: textOf(message)}));
    },
    /** Whether anything failed so far. */
    failed: () => failed,
    end() {
      if (ended) return;
      ended = true;
      send(nonce, stringify({t: 'end', ...sent, success: !failed}));
    },
  };
};

/** Splits what our own command line has: the places that are wanted alone, or undefined, and the runner's arguments. */
exports.readArgs = function readArgs([flag, value, ...rest]) {
  return flag === '--bulkhead-only' ? {only: JSON.parse(value), args: rest} : {only: undefined, args: process.argv.slice(2)};
};

/** The folder of a package that the project has installed, found as its own code would find it. */
exports.packageFolder = function packageFolder(name, from = process.cwd()) {
  const {createRequire} = require('node:module');
  const require_ = createRequire(join(from, 'package.json'));
  for (const modules of require_.resolve.paths(name) ?? []) {
    const folder = join(modules, name);
    if (require('node:fs').existsSync(join(folder, 'package.json'))) return require('node:fs').realpathSync(folder);
  }
  throw new Error(`The project has not installed ${name}.`);
};

function within(root, file) {
  const path = file === undefined || file === null ? '' : String(file).replace(/^file:\/\//, '');
  if (path === '') return '(no file)';
  const inside = relative(root, resolve(root, path));
  return inside === '' || inside.startsWith(`..${sep}`) ? path : inside;
}

function textOf(message) {
  const plain = plainOf(message).slice(0, 4000).replace(/\u001b\[[0-9;]*m/g, '');
  // Not the stack: it differs between machines, and the first lines are what a person reads.
  const lines = plain.split('\n');
  const stack = lines.findIndex((text) => /^\s+at /.test(text));
  return lines.slice(0, stack > 0 ? stack : undefined).join('\n').trim() || 'failed';
}

/** What was thrown may be anything, also something that is no text at all. */
function plainOf(message) {
  try {
    return String(message?.message ?? message ?? 'failed');
  } catch {
    return 'failed';
  }
}

function fit(frame) {
  const short = (value, most) => String(value).slice(0, most);
  const line = (most) =>
    stringify({
      ...frame,
      file: short(frame.file, 1024),
      ...(frame.path === undefined ? {} : {path: frame.path.slice(-16).map((part) => short(part, most))}),
      ...(frame.message === undefined ? {} : {message: short(frame.message, most)}),
    });
  const full = line(500);
  return byteLength(full) < 60_000 ? full : line(60);
}
