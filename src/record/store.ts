import {mkdir, readdir, stat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {AppError, systemCode} from '../core/errors.js';
import {syncFolder} from './durable.js';

/** Where the state of one repository lives, outside of it: `git clean -fdx` must not destroy undelivered work. */
export interface Store {
  /** `<state home>/bulkhead/<repository id>` */
  readonly directory: string;
  /** The bare repository that Bulkhead owns. */
  readonly repository: string;
  readonly runs: string;
  /** Test results of base commits, kept between runs. */
  readonly baseResults: string;
  /** Context packages, kept between runs. */
  readonly contextPackages: string;
}

/** The files of one run. */
export interface RunFiles {
  readonly runId: string;
  readonly directory: string;
  readonly journal: string;
  readonly manifest: string;
  readonly reportJson: string;
  readonly reportMarkdown: string;
  readonly traffic: string;
  /** What a person is told of a conflict that waits for them, by a name. */
  readonly conflict: (name: string) => string;
  /** What the process printed that drives the run without a terminal. */
  readonly driverLog: string;
}

/** Names the store of a repository; makes nothing. */
export function storeOf(stateHome: string, repositoryId: string): Store {
  const directory = join(stateHome, 'bulkhead', repositoryId);
  return {directory, repository: join(directory, 'repository.git'), runs: join(directory, 'runs'), baseResults: join(directory, 'base-results'), contextPackages: join(directory, 'context-packages')};
}

/** Names the files of a run; makes nothing. */
export function runFiles(store: Store, runId: string): RunFiles {
  const directory = join(store.runs, runId);
  return {
    runId,
    directory,
    journal: join(directory, 'journal.ndjson'),
    manifest: join(directory, 'manifest.json'),
    reportJson: join(directory, 'report.json'),
    reportMarkdown: join(directory, 'report.md'),
    traffic: join(directory, 'traffic.yml'),
    conflict: (name) => join(directory, 'conflicts', `${name}.md`),
    driverLog: join(directory, 'logs', 'driver.log'),
  };
}

/** Makes the folder of a store. Throws DISK_FULL, or ENVIRONMENT when it may not be made there. */
export async function makeStore(store: Store): Promise<void> {
  await makeFolder(store.directory);
}

/** Makes the folder of a run. Throws DISK_FULL, or ENVIRONMENT when it may not be made there. */
export async function makeRunFolder(store: Store, runId: string): Promise<RunFiles> {
  const files = runFiles(store, runId);
  await makeFolder(files.directory);
  return files;
}

/** Readable by its user alone, and on the disk: with it every folder above that had to be made. */
async function makeFolder(folder: string): Promise<void> {
  try {
    const first = await mkdir(folder, {recursive: true, mode: 0o700});
    for (let made = folder; first !== undefined && made.startsWith(first); made = dirname(made)) await syncFolder(dirname(made));
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOSPC') throw new AppError('DISK_FULL', `There is no space to make the folder ${folder}.`, {hint: 'Free some space, then try again.', cause: error});
    throw new AppError('ENVIRONMENT', `The state folder ${folder} cannot be made (${code ?? 'unknown'}).`, {
      hint: 'Check the owner of that folder, or set XDG_STATE_HOME to one that you may write.',
      cause: error,
    });
  }
}

/** The ids of all runs, oldest first: an id begins with its time. */
export async function listRuns(store: Store): Promise<readonly string[]> {
  try {
    const entries = await readdir(store.runs, {withFileTypes: true});
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The one run that `latest`, an id, or a prefix of an id means. Throws RUN_NOT_FOUND. */
export async function findRun(store: Store, wanted: string): Promise<RunFiles> {
  const all = await listRuns(store);
  const matching = wanted === 'latest' ? await newestBegun(store, all) : all.filter((id) => id.startsWith(wanted));
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return runFiles(store, only);
  throw new AppError('RUN_NOT_FOUND', only === undefined ? `There is no run \`${wanted}\` of this repository.` : `\`${wanted}\` means ${matching.length} runs: ${matching.join(', ')}.`, {
    hint: all.length === 0 ? '`bulkhead run` starts the first one.' : '`bulkhead status` lists them; a longer prefix tells them apart.',
  });
}

/** A folder without a journal is of a run that was ended before it began. */
async function newestBegun(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  for (const id of [...ids].reverse()) {
    const begun = await stat(runFiles(store, id).journal).then((file) => file.size > 0, () => false);
    if (begun) return [id];
  }
  return [];
}

/** An id that sorts by time and is a valid part of container and ref names: `20261124-061530-k3x9`. */
export function newRunId(now: Date, random: () => number): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const tail = Array.from({length: 4}, () => Math.floor(random() * 36).toString(36)).join('');
  return `${stamp}-${tail}`;
}
