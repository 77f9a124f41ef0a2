import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {runGit} from '../../door/command.js';
import {onDisk} from '../../door/disk.js';
import type {GitStore} from '../../bare/refs.js';

/** The three versions of one file that both sides changed. */
export interface Versions {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

/** A part of a three-way merge, in lines with their ends: agreed, or in conflict. */
export type Region = {readonly agreed: readonly string[]} | ({readonly agreed?: never} & SideLines);

/** What both sides have where the base has some lines, or none. */
export interface SideLines {
  readonly base: readonly string[];
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

const [leastMarker, mostMarker] = [7, 200];

/**
 * Cuts a three-way merge into regions, with `git merge-file`; the folder is a throw-away one of ours. Undefined where lines
 * of the file could be taken for markers, or where a version does not end its last line: then nothing is known.
 */
export async function readRegions(store: GitStore, {versions, folder}: {readonly versions: Versions; readonly folder: string}, signal: AbortSignal): Promise<readonly Region[] | undefined> {
  const texts = [versions.ours, versions.base, versions.theirs];
  const size = markerSize(texts);
  if (size > mostMarker || texts.some((text) => text !== '' && !text.endsWith('\n'))) return undefined;
  const names = ['ours', 'base', 'theirs'];
  await onDisk(folder, () => Promise.all(names.map((name, index) => writeFile(join(folder, name), texts[index] ?? '', {mode: 0o600}))));
  const labels = names.flatMap((name) => ['-L', name]);
  const args = ['merge-file', '-p', '--quiet', '--diff3', `--marker-size=${size}`, ...labels, ...names.map((name) => join(folder, name))];
  // The exit code is the number of conflicts, at most 127; an error is 128 or above (git-merge-file).
  const {stdout} = await runGit({gitDir: store.directory, args, okExits: Array.from({length: 128}, (_, code) => code), signal});
  return parseRegions(linesOf(stdout.toString('utf8')), size);
}

/** A text as lines with their ends. */
export function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** One more than the longest run of a marker character at the start of any line. */
function markerSize(texts: readonly string[]): number {
  let longest = leastMarker - 1;
  for (const text of texts) for (const [run] of text.matchAll(/^(?:<+|\|+|=+|>+)/gm)) longest = Math.max(longest, run.length);
  return longest + 1;
}

function parseRegions(lines: readonly string[], size: number): readonly Region[] {
  const isMarker = (line: string, character: string) => line.startsWith(character.repeat(size));
  const regions: Region[] = [];
  let agreed: string[] = [];
  let sides: {base: string[]; ours: string[]; theirs: string[]} | undefined;
  let into = agreed;
  for (const line of lines) {
    if (isMarker(line, '<')) {
      if (agreed.length > 0) regions.push({agreed});
      sides = {base: [], ours: [], theirs: []};
      into = sides.ours;
    } else if (sides !== undefined && isMarker(line, '|')) into = sides.base;
    else if (sides !== undefined && isMarker(line, '=')) into = sides.theirs;
    else if (sides !== undefined && isMarker(line, '>')) {
      regions.push(sides);
      sides = undefined;
      into = agreed = [];
    } else into.push(line);
  }
  return agreed.length > 0 ? [...regions, {agreed}] : regions;
}
