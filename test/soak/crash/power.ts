import {ask, leftoversOf} from '../../e2e/fixture.js';
import type {Lab} from './lab.js';
import {startDisk} from './machine/disk.js';
import {reach} from './moment.js';
import {begunRuns} from './outcome.js';
import type {Moment} from './points.js';
import {readStopped, settle, type PointEnd} from './settle.js';
import type {Site} from './site.js';

/**
 * Cuts the power at a moment: what the state folder's disk had not got by then is gone, processes and containers end at
 * once. The run goes on with what the disk had. What was acknowledged must be there: all events but the last one, which
 * may have been under way to the disk.
 */
export async function cutPower(lab: Lab, site: Site, at: Moment): Promise<PointEnd> {
  await using disk = await startDisk(site.stateHome);
  const driver = site.startRun();
  try {
    await reach(at, {project: site.project, driver, undisturbedMs: lab.reference.durationMs}, lab.signal);
    await driver.freeze();
    const [live] = await begunRuns(site);
    await disk.copyCut();
    driver.endGroup();
    await driver.ended;
    if (live !== undefined) await killContainers(live.runId, site.socket);
    await disk.mountCut();
    const stopped = await readStopped(site);
    const wanted = (live?.events.length ?? 0) - 1;
    const lost = stopped.events < wanted ? [`${stopped.events} events came through the power cut, ${wanted} were acknowledged`] : [];
    return {differs: [...lost, ...(await settle(site, {reference: lab.reference, stops: [stopped]}))], stoppedAt: stopped.events};
  } finally {
    driver.endGroup();
  }
}

async function killContainers(runId: string, socket: string): Promise<void> {
  const containers = (await leftoversOf(runId, socket)).filter((name) => name.startsWith('/'));
  // One that has ended by itself is refused, which is as good.
  for (const name of containers) await ask(`/containers${name}/kill`, {method: 'POST', at: socket});
}
