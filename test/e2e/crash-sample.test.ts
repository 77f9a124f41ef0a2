import {beforeAll, describe, expect, test} from 'vitest';
import {JournalEvent} from '../../src/core/journal.js';
import type {Stopped} from '../soak/crash/check.js';
import {killDriver} from '../soak/crash/kill.js';
import {measureReference, type Lab} from '../soak/crash/lab.js';
import type {Driver} from '../soak/crash/machine/driver.js';
import {reachEvent} from '../soak/crash/moment.js';
import {begunRuns} from '../soak/crash/outcome.js';
import {pointName, seededRandom, type Moment} from '../soak/crash/points.js';
import {readStopped, settle, wrongEnd} from '../soak/crash/settle.js';
import {startSite, type Site} from '../soak/crash/site.js';
import {leftoversOf, socket} from './fixture.js';

/** Another seed is another sample; `npm run soak -- crash` runs the whole table. */
const random = seededRandom(20261124);
const moments: readonly Moment[] = Array.from({length: 3}, (_, index) => ({part: Number(((index + random()) / 3).toFixed(4))}));
/** A run is killed nine times and resumed nine times in the longest one. */
const limitMs = 240_000;

/** What comes by another command, after the end or when a person enters a box. */
const afterwards = ['run.overridden', 'run.delivered', 'box.entered'] as const;
type Kind = Exclude<JournalEvent['type'], (typeof afterwards)[number]>;

/** After which event of each kind the process is killed, in the order of one run that is killed and resumed again and again. */
const kills: Readonly<Record<Kind, (event: {readonly step?: string}) => boolean>> = {
  'run.opened': () => true,
  'run.driven': () => true,
  'step.started': ({step}) => step?.startsWith('turn/') === true,
  'effect.unknown': () => true,
  'step.finished': ({step}) => step?.startsWith('tool/') === true,
  'merge.previewed': () => true,
  'run.parked': () => true,
  'specialist.said': () => true,
  'verification.ended': () => true,
  'run.closed': () => true,
};

function kindsOfEvents(): readonly string[] {
  return JournalEvent.options.map((option) => option.shape.type.value as string).filter((kind) => !afterwards.some((one) => one === kind)).sort();
}

/** Drives the run until its journal has a new event of the kind, and kills the process there. */
async function killAfter(site: Site, driver: Driver, {kind, from, signal}: {readonly kind: Kind; readonly from: number; readonly signal: AbortSignal}): Promise<Stopped> {
  const run = {project: site.project, driver, from};
  if (kind === 'run.parked') {
    await reachEvent((event) => event.type === 'step.started', run, signal);
    driver.kill('SIGINT');
  }
  const isThere = await reachEvent((event) => event.type === kind && kills[kind](event), run, signal);
  driver.kill('SIGKILL');
  const {exitCode, stderr} = await driver.ended;
  driver.endGroup();
  expect({kind, isThere, exitCode}, stderr).toEqual({kind, isThere: true, exitCode: null});
  return readStopped(site);
}

describe('a run with a conflict and a repair, after kill -9', () => {
  let lab: Omit<Lab, 'signal'>;
  beforeAll(async () => {
    const signal = AbortSignal.timeout(limitMs);
    lab = {reference: await measureReference(socket, signal), socket};
  }, limitMs);

  test.for(moments.map((at): [string, Moment] => [pointName({kind: 'kill', at}), at]))('%s: ends as if nothing had happened', {timeout: limitMs}, async ([, at], {signal}) => {
    await using site = await startSite(socket, signal);
    expect((await killDriver({...lab, signal}, site, at)).differs, site.project.home).toEqual([]);
    await site.remove();
  });

  test('after each kind of event in turn: ends as if nothing had happened', {timeout: limitMs}, async ({signal}) => {
    await using site = await startSite(socket, signal);
    const stops: Stopped[] = [];
    for (const kind of Object.keys(kills) as readonly Kind[]) {
      const driver = stops.length === 0 ? site.startRun() : site.start('resume', 'latest');
      stops.push(await killAfter(site, driver, {kind, from: stops.at(-1)?.events ?? 0, signal}));
    }
    expect(await settle(site, {reference: lab.reference, stops}), site.project.home).toEqual([]);
    const [run] = await begunRuns(site);
    expect([...new Set(run?.events.map((event) => event.type))].sort()).toEqual(kindsOfEvents());
    await site.remove();
  });

  test('and cancelled then: is over, keeps what was handed in, and leaves nothing on the engine', {timeout: limitMs}, async ({signal}) => {
    await using site = await startSite(socket, signal);
    const stopped = await killAfter(site, site.startRun(), {kind: 'step.finished', from: 0, signal});
    expect(wrongEnd('cancel', await site.command('cancel', 'latest', '--json'), [undefined])).toEqual([]);
    const [run] = await begunRuns(site);
    expect(run?.events.slice(stopped.events).at(-1)).toMatchObject({type: 'run.closed', verdict: 'cancelled'});
    expect(await leftoversOf(run?.runId ?? '', socket)).toEqual([]);
    expect(wrongEnd('resume', await site.command('resume', 'latest', '--json'), ['RUN_STATE'])).toEqual([]);
    await site.remove();
  });
});
