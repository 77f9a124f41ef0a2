import {createInterface} from 'node:readline';
import {isAppError} from '../../../src/core/errors.js';
import {lockRun} from '../../../src/record/driver/lock.js';

// Says `ready`, and at each line it hears tries to take the lock of the folder it was given: says the code of the error, or
// `locked` and then each request that it is sent, until its input ends.
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [directory = '', takeOver] = process.argv.slice(2);
const lines = createInterface({input: process.stdin})[Symbol.asyncIterator]();
say('ready');
while ((await lines.next()).done !== true) {
  try {
    await using _lock = await lockRun(directory, {onRequest: say, takeOver: takeOver === 'take-over'});
    say('locked');
    while ((await lines.next()).done !== true);
  } catch (error) {
    say(isAppError(error) ? error.code : String(error));
  }
}
