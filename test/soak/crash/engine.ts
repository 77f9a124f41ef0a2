import {setTimeout as sleep} from 'node:timers/promises';
import type {Lab} from './lab.js';
import type {OwnEngine} from './machine/engine.js';
import {reach} from './moment.js';
import type {Point} from './points.js';
import {readStopped, settle, wrongEnd, type PointEnd} from './settle.js';
import type {Site} from './site.js';

type EnginePoint = Extract<Point, {kind: 'engine'}>;

/** How long an engine that comes back soon is away. */
const awayMs = 1000;

/** Kills the engine at a moment. The run may end with what it says of such an engine, or survive it; then it goes on. */
export async function killEngine(lab: Lab, site: Site, {engine, point}: {readonly engine: OwnEngine; readonly point: EnginePoint}): Promise<PointEnd> {
  const driver = site.startRun();
  try {
    await reach(point.at, {project: site.project, driver, undisturbedMs: lab.reference.durationMs}, lab.signal);
    await engine.kill(point.containers);
    const back = point.back === 'soon' ? sleep(awayMs).then(() => engine.restart(lab.signal)) : undefined;
    const problems = wrongEnd('run without its engine', await driver.ended, ['ENGINE_UNREACHABLE', 'ENGINE_FAILED', 'INCONCLUSIVE', undefined]);
    await (back ?? engine.restart(lab.signal));
    const stopped = await readStopped(site);
    return {differs: [...problems, ...(await settle(site, {reference: lab.reference, stops: [stopped]}))], stoppedAt: stopped.events};
  } finally {
    driver.endGroup();
  }
}
