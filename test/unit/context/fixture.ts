import {buildContext, type ContextRequest} from '../../../src/context/build.js';
import {startContextCache} from '../../../src/context/cache.js';
import type {ContextPackage} from '../../../src/context/package.js';
import type {HistoryReader, PastCommit} from '../../../src/core/history.js';
import type {Stream} from '../../../src/core/specialist.js';
import {memoryTree, never, type Content} from '../verify/memory-tree.js';

/** A stream that may write anything. */
export function streamOf(specialist: string, owns: readonly string[] = []): Stream {
  return {specialist, write: ['**'], within: ['**'], owns: [...owns], closed: []};
}

/** A past of the given commits, newest first. */
export function memoryHistory(commits: readonly Omit<PastCommit, 'id'>[]): HistoryReader {
  const all = commits.map((commit, index): PastCommit => ({id: String(index).padStart(40, '0'), ...commit}));
  return {
    ids: (_commit, limit) => Promise.resolve(all.slice(0, limit).map(({id}) => id)),
    read: (ids) => Promise.resolve(all.filter(({id}) => ids.includes(id))),
    changes: () => Promise.resolve(undefined),
  };
}

/** Packages of files in memory. */
export async function packagesOf(files: Readonly<Record<string, Content>>, request: Partial<ContextRequest> & {readonly task: string}): Promise<readonly ContextPackage[]> {
  return buildContext({reader: memoryTree(files), history: undefined, streams: [streamOf('implementation')], cache: startContextCache(), ...request}, never);
}

/** The first package. */
export async function packageOf(files: Readonly<Record<string, Content>>, request: Partial<ContextRequest> & {readonly task: string}): Promise<ContextPackage> {
  const [made] = await packagesOf(files, request);
  if (made === undefined) throw new Error('no package');
  return made;
}

/** Form of a path in a package. */
export function formOf({items}: ContextPackage, path: string): string | undefined {
  return items.find((item) => item.path === path)?.form;
}

/** A module of so many functions of one name. */
export function moduleOf(name: string, functions: number): string {
  return Array.from({length: functions}, (_, index) => `export function ${name}${index}(value: string): string {\n  return value + '${name} ${index}';\n}\n`).join('\n');
}
