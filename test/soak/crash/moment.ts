import {readFile} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import type {JournalEvent} from '../../../src/core/journal.js';
import {journals, type Project} from '../../e2e/fixture.js';
import type {Driver} from './machine/driver.js';
import type {Moment} from './points.js';

/** An event is durable about a millisecond after it stands in the file; looking more often would take the time from the run. */
const pollMs = 1;

interface UnderWay {
  readonly project: Project;
  readonly driver: Driver;
}

/** Waits for a moment of a run that is under way, or for its end when that comes first. */
export async function reach(at: Moment, run: UnderWay & {readonly undisturbedMs: number}, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  if ('events' in at) return until(async () => (await journalLines(run.project)).length >= at.events, run, signal);
  return until(() => performance.now() - started >= at.part * run.undisturbedMs, run, signal);
}

/** Waits until the journal says something behind its first `from` events; false when the process ended before it did. */
export async function reachEvent(is: (event: Pick<JournalEvent, 'type'> & {readonly step?: string}) => boolean, run: UnderWay & {readonly from: number}, signal: AbortSignal): Promise<boolean> {
  const isThere = async (): Promise<boolean> => (await journalLines(run.project)).slice(run.from).some((line) => is(JSON.parse(line) as JournalEvent));
  await until(isThere, run, signal);
  return isThere();
}

async function until(isThere: () => boolean | Promise<boolean>, {driver}: UnderWay, signal: AbortSignal): Promise<void> {
  while (driver.running() && !(await isThere())) await sleep(pollMs, undefined, {signal});
}

/** The whole lines, as they stand in the file: durable or about to be. */
async function journalLines(project: Project): Promise<readonly string[]> {
  const texts = await Promise.all((await journals(project)).map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text) => text.split('\n').slice(0, -1));
}
