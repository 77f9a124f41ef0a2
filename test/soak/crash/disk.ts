import type {Lab} from './lab.js';
import {startDisk} from './machine/disk.js';
import {reach} from './moment.js';
import type {Moment} from './points.js';
import {readStopped, settle, wrongEnd, type PointEnd} from './settle.js';
import type {Site} from './site.js';

/** Fills the disk of the state folder at a moment; the run says so and stops. Then there is space again, and it goes on. */
export async function fillDisk(lab: Lab, site: Site, at: Moment): Promise<PointEnd> {
  await using disk = await startDisk(site.stateHome);
  const driver = site.startRun();
  try {
    await reach(at, {project: site.project, driver, undisturbedMs: lab.reference.durationMs}, lab.signal);
    await disk.fill();
    const problems = wrongEnd('run on a full disk', await driver.ended, ['DISK_FULL', undefined]);
    const stopped = await readStopped(site);
    await disk.drain();
    return {differs: [...problems, ...(await settle(site, {reference: lab.reference, stops: [stopped]}))], stoppedAt: stopped.events};
  } finally {
    driver.endGroup();
  }
}
