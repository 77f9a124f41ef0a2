#!/usr/bin/env node
import {flush, run} from '@oclif/core';
import {exitWith} from './exit.js';
import {watchProcess} from './interrupt.js';

// A reader that goes away (`| head`), or a terminal that is closed, must not end a run before its work is home.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

watchProcess();

try {
  await run(process.argv.slice(2), import.meta.url);
  await flush();
} catch (error) {
  // Only what happens before a command is chosen comes here, for example a command that does not exist.
  exitWith(error, {json: process.argv.includes('--json')});
}
