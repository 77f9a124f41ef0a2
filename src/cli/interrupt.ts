import {AppError} from '../core/errors.js';
import {exitWith} from './exit.js';

/** What a signal means to the command that runs. */
export interface SignalRules {
  /** A detached run has no terminal: a hang-up says nothing to it. Default: it stops as at the other signals. */
  readonly hangUp?: 'stop' | 'ignore';
  /** Nothing has to be brought into order, so nothing is said of it. */
  readonly quiet?: boolean;
}

/** How long a run may take to bring its work home after a bug was met: twice what that has for itself. */
const unwindMs = 120_000;

const controller = new AbortController();
let rules: SignalRules = {};

/**
 * Watches for signals and for what nobody caught, from the first line of `main` on. Before a command looks at its
 * signal, a Ctrl-C ends it with 130 and nothing was made. Twice ends at once, with 130 too.
 */
export function watchProcess(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  // Without a listener of its own, an unhandled rejection comes here too.
  process.on('uncaughtException', onBug);
}

/**
 * One signal for the whole process. The first Ctrl-C (or SIGTERM, SIGHUP) aborts it, and the run brings its work home
 * and parks; the second leaves at once, and the next command finds what is left behind.
 */
export function interruptSignal(wanted: SignalRules = {}): AbortSignal {
  rules = wanted;
  return controller.signal;
}

function onSignal(name: NodeJS.Signals): void {
  if (name === 'SIGHUP' && rules.hangUp === 'ignore') return;
  if (controller.signal.aborted) process.exit(130);
  if (rules.quiet !== true) process.stderr.write(`\n${name}: stopping in good order; once more to leave at once.\n`);
  controller.abort(new AppError('INTERRUPTED', 'You interrupted it.'));
}

/** Told at once; then a run that is being driven parks, and the process ends with 70 whatever else comes of it. */
function onBug(error: unknown): void {
  // What was interrupted may end in more places than one.
  if (error === controller.signal.reason && error !== undefined) return;
  exitWith(error, {json: process.argv.includes('--json'), bug: true});
  process.on('exit', () => {
    process.exitCode = 70;
  });
  setTimeout(() => process.exit(70), unwindMs).unref();
  controller.abort(new AppError('INTERNAL', error instanceof Error ? error.message : String(error), {cause: error}));
}
