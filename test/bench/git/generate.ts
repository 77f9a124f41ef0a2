import {Readable} from 'node:stream';
import {execa} from 'execa';

/** A repository that a seed decides: the same request gives the same commit ids. */
export interface GenerateRequest {
  /** Becomes a repository; made where there is none. */
  readonly directory: string;
  /** Files of every commit. */
  readonly files: number;
  /** Commits, the first one included; each later one changes a few files. */
  readonly commits: number;
  readonly seed: number;
  /** Fill the working tree too. Default: it stays empty. */
  readonly checkout?: boolean;
}

const [filesPerFolder, foldersPerPackage] = [12, 15];
const words = 'account cache event filter index ledger merge policy queue report schema token volume widget'.split(' ');

/** Makes a repository of so many files and commits on `main` through fast-import; gives the newest commit. */
export async function generateRepository({directory, checkout = false, ...shape}: GenerateRequest): Promise<{readonly head: string}> {
  await execa('git', ['-c', 'init.defaultBranch=main', 'init', '-q', directory]);
  const git = (...args: readonly string[]) => execa('git', ['-C', directory, ...args]);
  await execa('git', ['-C', directory, 'fast-import', '--quiet', '--done'], {input: Readable.from(history(shape), {objectMode: false})});
  if (checkout) await git('reset', '-q', '--hard', 'main');
  return {head: (await git('rev-parse', 'main')).stdout};
}

/** The path of the file with a number: about 180 files a package, in folders of 12. */
export function pathOf(index: number): string {
  const folder = Math.floor(index / filesPerFolder);
  const name = words[index % words.length] ?? '';
  return `packages/p${Math.floor(folder / foldersPerPackage)}/src/${words[folder % words.length] ?? ''}-${folder}/${name}-${index}.ts`;
}

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
export function startRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function* history({files, commits, seed}: Pick<GenerateRequest, 'files' | 'commits' | 'seed'>): Generator<Buffer> {
  const random = startRandom(seed);
  for (let commit = 0; commit < commits; commit += 1) {
    const message = `change ${commit}`;
    yield Buffer.from(`commit refs/heads/main\ncommitter B <b@localhost> ${1_700_000_000 + commit * 60} +0000\ndata ${message.length}\n${message}\n`);
    const count = commit === 0 ? files : 1 + Math.floor(random() * 8);
    for (let each = 0; each < count; each += 1) {
      const index = commit === 0 ? each : Math.floor(random() * files);
      const text = Buffer.from(source(index, random));
      yield Buffer.concat([Buffer.from(`M ${index % 97 === 0 ? '100755' : '100644'} inline ${pathOf(index)}\ndata ${text.length}\n`), text, Buffer.from('\n')]);
    }
  }
  yield Buffer.from('done\n');
}

/** About 1.5 KB on average, a few of them ten times as much. */
function source(index: number, random: () => number): string {
  const pick = (): string => words[Math.floor(random() * words.length)] ?? '';
  const functions = (2 + Math.floor(random() * 24)) * (random() < 0.02 ? 10 : 1);
  const lines = Array.from({length: functions}, (_, line) => `export function ${pick()}${line}(${pick()}: string): string {\n  return \`${pick()} \${${index}}\`;\n}\n`);
  return lines.join('\n');
}
