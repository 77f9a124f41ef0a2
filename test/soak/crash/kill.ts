import type {Lab} from './lab.js';
import {reach} from './moment.js';
import type {Moment} from './points.js';
import {readStopped, settle, type PointEnd} from './settle.js';
import type {Site} from './site.js';

/** Kills the process that drives a run at a moment, and goes on. */
export async function killDriver(lab: Lab, site: Site, at: Moment): Promise<PointEnd> {
  const driver = site.startRun();
  try {
    await reach(at, {project: site.project, driver, undisturbedMs: lab.reference.durationMs}, lab.signal);
    driver.kill('SIGKILL');
    await driver.ended;
    const stopped = await readStopped(site);
    return {differs: await settle(site, {reference: lab.reference, stops: [stopped]}), stoppedAt: stopped.events};
  } finally {
    driver.endGroup();
  }
}
