import type {FileProblem} from './fact.js';
import type {FileLookup, FolderEntry} from './lookup.js';

/** The files of one folder that detectors ask for, read once. */
export interface Folder {
  /** `''` is the root. */
  readonly path: string;
  has(name: string): boolean;
  /** Names of files that match. */
  files(matches: (name: string) => boolean): readonly string[];
  folders(): readonly string[];
  /** The text of a file of this folder (or below: `a/b.yml`), or undefined; why not is a problem, unless it is absent. */
  read(name: string): Promise<string | undefined>;
  /** A name of this folder, relative to the root. */
  at(name: string): string;
  list(name: string): Promise<readonly FolderEntry[]>;
}

/** Opens a folder; `problems` collects the files that are there and cannot be read. */
export async function openFolder(lookup: FileLookup, path: string, problems: FileProblem[]): Promise<Folder> {
  const entries = await lookup.list(path);
  const files = new Set(entries.filter((entry) => entry.kind === 'file').map((entry) => entry.name));
  const texts = new Map<string, string | undefined>();
  const at = (name: string): string => (path === '' ? name : `${path}/${name}`);
  return {
    path,
    at,
    has: (name) => files.has(name),
    files: (matches) => [...files].filter(matches),
    folders: () => entries.filter((entry) => entry.kind === 'folder').map((entry) => entry.name),
    list: (name) => lookup.list(at(name)),
    async read(name) {
      if (texts.has(name)) return texts.get(name);
      if (!name.includes('/') && !entries.some((entry) => entry.name === name)) return undefined;
      const found = await lookup.read(at(name));
      const text = 'text' in found ? found.text.replace(/^\ufeff/, '') : undefined;
      if (!('text' in found) && !found.absent) problems.push({file: at(name), problem: found.problem});
      texts.set(name, text);
      return text;
    },
  };
}

/** A JSON object, or undefined with a problem. Text with comments and trailing commas is JSON too when `comments` is set. */
export function parseObject(text: string, {file, problems}: {readonly file: string; readonly problems: FileProblem[]}): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
    problems.push({file, problem: 'is not a JSON object'});
  } catch {
    problems.push({file, problem: 'is not valid JSON'});
  }
  return undefined;
}

/** A member of a parsed value, by its own name only; undefined for anything else. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** A value as a map of names; empty for anything else. */
export function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The texts of a list; empty for anything else. */
export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
}
