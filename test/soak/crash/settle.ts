import type {Ended} from '../../e2e/fixture.js';
import {differences, type Expected, type Stopped} from './check.js';
import {begunRuns, readEnded} from './outcome.js';
import type {Site} from './site.js';

/** What the journals of a site say, and what the model was asked, at the moment when nobody drives the run. */
export async function readStopped(site: Site): Promise<Stopped> {
  const events = (await begunRuns(site)).flatMap((run) => run.events);
  return {
    finished: new Set(events.flatMap((event) => (event.type === 'step.finished' ? [event.step] : []))),
    requests: site.requests.length,
    events: events.length,
    closed: events.some((event) => event.type === 'run.closed'),
  };
}

/** What became of one disturbed run. */
export interface PointEnd {
  /** What is not as it should be; empty when the point holds. */
  readonly differs: readonly string[];
  /** How many events the journal had when the run was stopped. */
  readonly stoppedAt: number;
}

/**
 * Goes on with a run that was disturbed, as its user would, and gives what differs from the reference. A run that had not
 * begun is started again; one that had ended has only what it left cleaned up.
 */
export async function settle(site: Site, expected: Expected): Promise<readonly string[]> {
  const last = expected.stops.at(-1);
  if (last === undefined) throw new TypeError('a run that was never stopped');
  const problems = await goOn(site, last);
  if (problems.length > 0) return problems;
  return differences(site, await readEnded(site), expected);
}

async function goOn(site: Site, {events, closed}: Stopped): Promise<readonly string[]> {
  const resumed = await site.command('resume', 'latest', '--json');
  if (events > 0 && !closed) return wrongEnd('resume', resumed, [undefined]);
  const refused = wrongEnd('resume', resumed, closed ? ['RUN_STATE'] : ['RUN_NOT_FOUND', 'JOURNAL_DAMAGED']);
  const again = closed ? [] : wrongEnd('run', await site.startRun().ended, [undefined]);
  return [...refused, ...again, ...wrongEnd('clean', await site.command('clean', '--json'), [undefined])];
}

/** A warning of Node.js, or an end that is none of the wanted ones; `undefined` wants success, anything else that error's code. */
export function wrongEnd(what: string, ended: Ended, wanted: readonly (string | undefined)[]): readonly string[] {
  const code = ended.exitCode === 0 ? undefined : codeOf(ended);
  const warned = /^\(node:\d+\) .*/m.exec(ended.stderr);
  if (warned !== null) return [`${what} printed: ${warned[0]}`];
  return wanted.includes(code) ? [] : [`${what} ended with ${code ?? 'success'} (exit ${String(ended.exitCode)}): ${ended.stderr.trim().split('\n').slice(-3).join(' | ')} ${ended.stdout.slice(0, 600)}`];
}

/** The error's code in what `--json` printed, or the verdict. */
function codeOf({stdout, exitCode}: Ended): string {
  try {
    const printed = JSON.parse(stdout) as {readonly error?: {readonly code?: string}; readonly verdict?: string};
    return printed.error?.code ?? printed.verdict ?? `exit ${String(exitCode)}`;
  } catch {
    return `exit ${String(exitCode)}`;
  }
}
