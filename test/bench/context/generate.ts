import {execa} from 'execa';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {startRandom} from './cases.js';

const nouns = 'account invoice session router parser cache ledger widget token queue worker report filter stream policy schema module profile signal volume'.split(' ');
const verbs = 'load save parse render merge split check build send close open count format resolve update remove'.split(' ');

/** A repository of so many files and commits that a seed decides, removed at the end of its block. */
export async function generateRepository({files, commits, seed}: {readonly files: number; readonly commits: number; readonly seed: number}): Promise<AsyncDisposable & {readonly path: string}> {
  const path = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  await execa('git', ['init', '-q', '--bare', path]);
  await execa('git', ['-C', path, 'fast-import', '--quiet'], {input: [...history({files, commits, seed})].join('')});
  await execa('git', ['-C', path, 'symbolic-ref', 'HEAD', 'refs/heads/main']);
  return {path, [Symbol.asyncDispose]: () => rm(path, {recursive: true, force: true})};
}

function* history({files, commits, seed}: {readonly files: number; readonly commits: number; readonly seed: number}): Generator<string> {
  const random = startRandom(seed);
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? '';
  const names = Array.from({length: files}, (_, index) => `packages/${pick(nouns)}-${index % 40}/src/${pick(nouns)}/${pick(verbs)}-${pick(nouns)}-${index}${index % 5 === 0 ? '.test' : ''}.ts`);
  const content = (name: string): string => {
    const subject = name.split(/[/.-]/).slice(-3, -1).join('_');
    return Array.from({length: 4 + Math.floor(random() * 40)}, (_, line) => `export function ${pick(verbs)}${subject}${line}(${pick(nouns)}: string): string {\n  return ${pick(verbs)}(${pick(nouns)}, '${pick(nouns)}');\n}\n`).join('\n');
  };
  const modify = (name: string): string => {
    const text = content(name);
    return `M 100644 inline ${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
  };
  for (let commit = 0; commit <= commits; commit += 1) {
    const touched = commit === 0 ? names : [pick(names)];
    const message = commit === 0 ? 'first' : `${pick(verbs)} the ${(touched[0] ?? '').split(/[/.-]/).slice(-4).join(' ')}`;
    yield `commit refs/heads/main\ncommitter B <b@localhost> ${1_700_000_000 + commit} +0000\ndata ${Buffer.byteLength(message)}\n${message}\n`;
    for (const name of touched) yield modify(name);
  }
  yield 'done\n';
}
