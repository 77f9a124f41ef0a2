import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {buildContext} from '../../../src/context/build.js';
import {startContextCache} from '../../../src/context/cache.js';
import {surveyProject} from '../../../src/context/read/survey.js';
import {openHistoryReader} from '../../../src/git/bare/history-reader.js';
import {openTreeReader} from '../../../src/git/bare/tree-reader.js';
import {git, never, tempFolder, userRepository, write} from '../git/fixture.js';
import {streamOf} from './fixture.js';

describe('a survey with a cache', () => {
  it('after a change lists what a survey without one lists, and reads only the new commit', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const first = (await userRepository(root, {'a.ts': 'export const a = 1;\n', 'b.ts': 'export const b = 1;\n', 'old.md': '# old\n', 'logo.png': 'x'})).trim();
    await git(root, 'rm', '-q', 'old.md');
    await write(root, {'a.ts': 'export const alpha = 2;\n', 'new/z.ts': 'export {};\n', 'Ünew.ts': 'export {};\n'});
    await git(root, 'add', '-A');
    await git(root, 'commit', '-q', '-m', 'second');
    const second = (await git(root, 'rev-parse', 'HEAD')).trim();
    await writeFile(join(root, 'b.ts'), 'export const beta = 2;\n');
    await git(root, 'commit', '-q', '-a', '-m', 'third');
    const third = (await git(root, 'rev-parse', 'HEAD')).trim();

    const store = {directory: join(root, '.git')};
    const reads: number[] = [];
    const reader = openHistoryReader(store);
    const history = {...reader, read: (ids: readonly string[], signal: AbortSignal) => (reads.push(ids.length), reader.read(ids, signal))};
    const cache = startContextCache();
    for (const commit of [first, second, third]) {
      const tree = await openTreeReader(store, commit, never);
      const warm = await surveyProject({reader: tree, history, cache}, never);
      const cold = await surveyProject({reader: tree, history: reader, cache: startContextCache()}, never);
      expect(warm).toEqual(cold);
      const request = {reader: tree, history: reader, task: 'rename alpha and beta', streams: [streamOf('implementation')]};
      const [kept] = await buildContext({...request, cache}, never);
      const [fresh] = await buildContext({...request, cache: startContextCache()}, never);
      expect(kept?.hash).toBe(fresh?.hash);
    }
    expect(reads).toEqual([1, 1, 1]);
  });

  it('leaves out what nobody reads', async () => {
    await using folder = await tempFolder();
    const root = join(folder.path, 'user');
    const commit = (await userRepository(root, {'a.ts': 'x\n', 'logo.png': 'x', 'package-lock.json': '{}', 'dist/a.min.js': 'x', 'empty.ts': '', 'huge.ts': 'x'.repeat(1024 * 1024 + 1)})).trim();
    const tree = await openTreeReader({directory: join(root, '.git')}, commit, never);
    expect((await surveyProject({reader: tree, history: undefined, cache: startContextCache()}, never)).files.map(({path}) => path)).toEqual(['a.ts']);
  });
});
