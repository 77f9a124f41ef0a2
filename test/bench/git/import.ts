import {join} from 'node:path';
import type {ExportEntry} from '../../../src/core/sandbox.js';
import {openRepository, type Repository} from '../../../src/git/repository.js';
import {median, row, type Row} from '../row.js';
import {generateRepository, pathOf} from './generate.js';
import {benchFolder, calm, timed} from './measure.js';

const [small, factor, rounds, edited] = [250, 100, 9, 10];

/** The same ten files into a repository, and into one that has a hundred times as many; what a base holds is read once for a run. */
export async function importGrowthRow(say: (line: string) => void): Promise<Row> {
  await using folder = await benchFolder();
  const places = [await prepare(join(folder.path, 'small'), small), await prepare(join(folder.path, 'large'), small * factor)] as const;
  const times: readonly [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    for (const index of [0, 1] as const) {
      const spent = await timed(() => bring(places[index], round));
      if (round > 0) times[index].push(spent);
    }
  }
  const [one, hundred] = [median(times[0]), median(times[1])];
  say(`import_growth_100x: ${hundred.toFixed(0)} ms into ${small * factor} files, ${one.toFixed(0)} ms into ${small}`);
  return row({name: 'import_growth_100x', value: hundred / one, unit: '×', atMost: 1.5, baseline: `the same ${edited} files into ${small} files instead of ${small * factor}: ${one.toFixed(0)} ms`});
}

interface Place {
  readonly repository: Repository;
  readonly base: string;
}

async function prepare(directory: string, files: number): Promise<Place> {
  const {head} = await generateRepository({directory: join(directory, 'user'), files, commits: 20, seed: 3});
  const repository = await openRepository(join(directory, 'own'), calm);
  await repository.freeze({checkout: {commonDir: join(directory, 'user/.git')}, commit: head, ref: 'refs/bulkhead/r1/base', signal: calm});
  return {repository, base: head};
}

async function bring({repository, base}: Place, round: number): Promise<void> {
  const policy = {mayWrite: () => true, wanted: [], allowIgnored: []};
  const submission = await repository.importSubmission({parent: base, entries: exported(round), policy, ref: `refs/bulkhead/r1/s${round}`, message: 'work', date: new Date(0), signal: calm});
  if (submission.changed.length !== edited || submission.refused.length > 0) throw new Error('the import did not take what it was given');
}

async function* exported(round: number): AsyncGenerator<ExportEntry> {
  for (let index = 0; index < edited; index += 1) {
    const bytes = Buffer.from(`// round ${round}\n${'export const x = 1;\n'.repeat(200)}`);
    yield await Promise.resolve({kind: 'file', path: Buffer.from(index % 2 === 0 ? pathOf(index) : `${pathOf(index)}.new`), executable: false, size: bytes.length, bytes});
  }
}
