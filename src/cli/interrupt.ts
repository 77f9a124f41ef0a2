import {AppError} from '../core/errors.js';

/**
 * One signal for the whole process. The first Ctrl-C (or SIGTERM, SIGHUP) aborts it, and the run brings its work home
 * and parks; the second leaves at once, and the next command finds what is left behind.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let asked = false;
  const onSignal = (name: NodeJS.Signals): void => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write(`\n${name}: stopping in good order; once more to leave at once.\n`);
    controller.abort(new AppError('INTERRUPTED', 'You interrupted it.'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return controller.signal;
}
