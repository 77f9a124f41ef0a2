import type {Config} from '../project/config.js';
import {readConfig} from '../project/config.js';
import {findRun, storeOf, type RunFiles, type Store} from '../record/store.js';
import type {Checkout} from '../git/freeze/checkout.js';
import {stateHome, userConfigFile} from './places.js';
import {readCheckout} from './wire.js';

/** The user's repository and what belongs to it on this machine. */
export interface ProjectContext {
  readonly checkout: Checkout;
  readonly config: Config;
  readonly store: Store;
}

/** Reads repository and configuration, in the order in which their errors make sense. */
export async function readProject(directory: string, signal: AbortSignal): Promise<ProjectContext> {
  const checkout = await readCheckout(directory, signal);
  const config = await readConfig({repositoryRoot: checkout.root, userConfigFile: userConfigFile(process.env), signal});
  return {checkout, config, store: storeOf(stateHome(process.env), checkout.repositoryId)};
}

/** One run of a repository, by prefix or `latest`. */
export async function readRun(directory: string, wanted: string, signal: AbortSignal): Promise<ProjectContext & {readonly files: RunFiles}> {
  const project = await readProject(directory, signal);
  return {...project, files: await findRun(project.store, wanted)};
}
