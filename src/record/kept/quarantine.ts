import {mkdir, readdir, readFile, rename, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {AppError, systemCode, translateSystemError} from '../../core/errors.js';
import {parseMoment, wallMoment, bootText, type Moment} from '../../core/moment.js';
import type {ExportEntry} from '../../core/sandbox.js';
import {syncFolder, writeDurably} from '../durable.js';
import {writeWorkArchive} from './work-archive.js';

/** What a quarantined thing is: a workspace as a tar file, a run with its refs, or refs without a run. */
const About = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.enum(['workspace', 'run', 'refs']),
  runId: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9-]{0,127}$/),
  repository: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/).optional().describe('name of the store that it came from'),
  box: z.string().optional(),
  why: z.string(),
  boot: z.string().optional(),
  at: z.iso.datetime(),
});

/** What the record beside a quarantined thing says. */
export type About = Omit<z.infer<typeof About>, 'schemaVersion' | 'boot' | 'at'> & {readonly born: Moment};

/** One thing in quarantine: a folder of its own. */
export interface QuarantineEntry {
  readonly about: About;
  readonly directory: string;
  /** Where the thing itself is: `work.tar`, or the folder of the run. */
  readonly content: string;
  /** False: half moved, or its content is gone. */
  readonly whole: boolean;
}

/** All that is in quarantine. */
export interface Quarantine {
  readonly entries: readonly QuarantineEntry[];
  /** Folders that were never finished, and since when. */
  readonly drafts: readonly {readonly path: string; readonly born: Moment}[];
  /** Folders whose record cannot be read. */
  readonly unreadable: readonly string[];
}

const draftEnd = '.draft';

/** The folder of the quarantine, below `<state home>/bulkhead`. No store has such a name: theirs end in eight hex digits. */
export function quarantineFolder(home: string): string {
  return join(home, 'quarantine');
}

/** Lists what is in quarantine. An absent folder is an empty one. */
export async function listQuarantine(home: string): Promise<Quarantine> {
  const folder = quarantineFolder(home);
  const entries: QuarantineEntry[] = [];
  const drafts: Quarantine['drafts'][number][] = [];
  const unreadable: string[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if (name.endsWith(draftEnd)) {
      const born = await stat(path).then((stats) => wallMoment(stats.mtime), () => undefined);
      if (born !== undefined) drafts.push({path, born});
      continue;
    }
    const about = await readAbout(path).catch(() => undefined);
    if (about === undefined) unreadable.push(path);
    else entries.push(await entryOf(path, about));
  }
  return {entries, drafts, unreadable};
}

async function entryOf(directory: string, about: About): Promise<QuarantineEntry> {
  const content = about.kind === 'workspace' ? join(directory, 'work.tar') : about.kind === 'run' ? join(directory, 'run') : directory;
  return {about, directory, content, whole: await stat(content).then(() => true, () => false)};
}

/**
 * Writes what a workspace holds into quarantine: a folder that appears whole, on the disk, or not at all. Undefined when
 * there was nothing in it. Throws what the source throws, DISK_FULL, ENVIRONMENT, and ENVIRONMENT for more than an
 * archive of ours may hold; then nothing is there.
 */
export async function quarantineWork(home: string, about: About & {readonly box: string}, entries: AsyncIterable<ExportEntry>, signal: AbortSignal): Promise<QuarantineEntry | undefined> {
  const stamp = about.born.at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const directory = join(quarantineFolder(home), `${stamp}-${about.box}`);
  const draft = `${directory}.${process.pid}${draftEnd}`;
  return translated(async () => {
    await makeFolder(home, draft);
    try {
      const {born: _, ...facts} = about;
      if (!(await writeWorkArchive(join(draft, 'work.tar'), facts, entries, signal))) return undefined;
      await writeAbout(draft, about);
      await rename(draft, directory);
      await syncFolder(quarantineFolder(home));
    } finally {
      await rm(draft, {recursive: true, force: true});
    }
    return entryOf(directory, about);
  });
}

/** Makes the folder into which a run is moved; the one that an earlier, interrupted move has made is used again. */
export async function makeRunEntry(home: string, about: About & {readonly repository: string}): Promise<QuarantineEntry> {
  const directory = join(quarantineFolder(home), `${about.repository}-${about.runId}`);
  return translated(async () => {
    await makeFolder(home, directory);
    await writeAbout(directory, about);
    return entryOf(directory, about);
  });
}

/** Moves the folder of a run, and makes both names durable. */
export async function moveFolder(from: string, to: string): Promise<void> {
  await translated(async () => {
    await rename(from, to);
    await syncFolder(join(to, '..'));
    await syncFolder(join(from, '..'));
  });
}

async function makeFolder(home: string, directory: string): Promise<void> {
  if ((await mkdir(directory, {recursive: true, mode: 0o700})) === undefined) return;
  await syncFolder(quarantineFolder(home));
  await syncFolder(home);
}

async function writeAbout(directory: string, {born, ...about}: About): Promise<void> {
  const record: z.infer<typeof About> = {schemaVersion: 1, ...about, ...(bootText(born) === undefined ? {} : {boot: bootText(born)}), at: born.at.toISOString()};
  await writeDurably(join(directory, 'about.json'), `${JSON.stringify(record, null, 2)}\n`);
}

async function readAbout(directory: string): Promise<About> {
  const {schemaVersion: _, boot, at, ...about} = About.parse(JSON.parse(await readFile(join(directory, 'about.json'), 'utf8')));
  return {...about, born: parseMoment(boot, new Date(at))};
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw translateSystemError(error) ?? error;
  }
}

async function translated<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw translateSystemError(error) ?? error;
  }
}
