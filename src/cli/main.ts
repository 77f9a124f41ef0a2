#!/usr/bin/env node
import {execute} from '@oclif/core';
import {exitWith} from './exit.js';

try {
  await execute({dir: import.meta.url});
} catch (error) {
  // Only what happens before a command is chosen comes here, for example a command that does not exist.
  exitWith(error, {json: process.argv.includes('--json')});
}
