import {planInstall, type InstallPlan} from '../../project/install/plan.js';
import type {Run} from '../rooms.js';

const planned = new WeakMap<Run, Map<string, Promise<InstallPlan>>>();

/** What is to be installed for a commit; undefined when the manifest installs nothing. Planned once. Throws INSTALL_REFUSED. */
export async function installPlan(run: Run, commit: string, signal: AbortSignal): Promise<InstallPlan | undefined> {
  const {install} = run.options.manifest;
  if (install === undefined) return undefined;
  const ofRun = planned.get(run) ?? new Map<string, Promise<InstallPlan>>();
  planned.set(run, ofRun);
  const plan = ofRun.get(commit) ?? readPlan(run, install, {commit, signal});
  ofRun.set(commit, plan);
  try {
    return await plan;
  } catch (error) {
    ofRun.delete(commit);
    throw error;
  }
}

async function readPlan(run: Run, install: readonly string[], {commit, signal}: {readonly commit: string; readonly signal: AbortSignal}): Promise<InstallPlan> {
  return planInstall(install, {tree: await run.rooms.repository.reader(commit, signal), registries: run.rooms.registries}, signal);
}
