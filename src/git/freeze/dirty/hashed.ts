import {isGitFailure} from '../../door/process.js';
import {decodeStrictly} from '../../door/decode.js';
import {notFreezable} from './not-freezable.js';
import type {ChangedFile} from './status.js';
import type {Worktree} from './worktree.js';

/** A file as git has stored it. */
export interface Hashed {
  /** Six octal digits as git writes them. */
  readonly mode: string;
  readonly oid: string;
}

const absent = '000000';

/**
 * Has git store files of the checkout, as it would for a commit: line ends, encoding and `ident` are converted as
 * attributes and settings ask, no filter is run. It works on an index of ours that holds of the user's only what it looks
 * at for that: the entries of these files, and of attributes that are not checked out. What is not there any more is left
 * out. Throws CHECKOUT_NOT_FREEZABLE for a file that git cannot store, naming it.
 */
export async function hashFiles(worktree: Worktree, {paths, changed}: {readonly paths: readonly string[]; readonly changed: readonly ChangedFile[]}, signal: AbortSignal): Promise<ReadonlyMap<string, Hashed>> {
  if (paths.length === 0) return new Map();
  const wanted = new Set(paths);
  const entries = changed.filter(({path, staged}) => wanted.has(path) && staged.mode !== absent).map(({path, staged}): Entry => [path, staged]);
  const start = [...(await attributeEntries(worktree, signal)), ...entries];
  try {
    return await hash(worktree, {start, paths, index: 'hashing'}, signal);
  } catch (error) {
    if (!isGitFailure(error)) throw error;
    const culprit = await findCulprit(worktree, {start, paths}, signal);
    throw culprit === undefined ? error : notFreezable([{path: culprit, why: 'cannot be stored by git: it cannot be read, or is not in the encoding that its attributes name'}], error);
  }
}

type Entry = readonly [path: string, file: Hashed];

interface Hashing {
  /** What the index begins with. */
  readonly start: readonly Entry[];
  readonly paths: readonly string[];
}

/** Bytes of entries that fit into a command line with room to spare (Linux: 128 KiB for one argument, 2 MiB for all); more are a call of their own. */
const maxArgumentBytes = 256 * 1024;

async function hash(worktree: Worktree, {start, paths, index}: Hashing & {readonly index: string}, signal: AbortSignal): Promise<ReadonlyMap<string, Hashed>> {
  const given = start.map(([path, {mode, oid}]) => `${mode},${oid},${path}`);
  const isShort = given.reduce((sum, entry) => sum + Buffer.byteLength(entry) + '--cacheinfo'.length + 2, 0) <= maxArgumentBytes;
  if (!isShort) await worktree.write({args: ['update-index', '-z', '--index-info'], stdin: start.map(([path, {mode, oid}]) => `${mode} ${oid}\t${path}\0`).join(''), index}, signal);
  const cacheInfo = isShort ? given.flatMap((entry) => ['--cacheinfo', entry]) : [];
  await worktree.write({args: ['update-index', '-z', '--add', '--remove', '--replace', ...cacheInfo, '--stdin'], stdin: paths.map((path) => `${path}\0`).join(''), index}, signal);
  const listed = await worktree.write({args: ['ls-files', '-z', '--stage'], stdin: '', index}, signal);
  const wanted = new Set(paths);
  return new Map(parseStage(listed.stdout).filter(([path]) => wanted.has(path)));
}

/** One path that git cannot store by itself, by halves: git tells which only in words. */
async function findCulprit(worktree: Worktree, {start, paths}: Hashing, signal: AbortSignal): Promise<string | undefined> {
  const isStored = async (some: readonly string[], index: string): Promise<boolean> => {
    try {
      await hash(worktree, {start, paths: some, index}, signal);
      return true;
    } catch (error) {
      if (isGitFailure(error)) return false;
      throw error;
    }
  };
  let suspects = paths;
  for (let round = 0; suspects.length > 1; round += 1) {
    const half = suspects.slice(0, Math.ceil(suspects.length / 2));
    suspects = (await isStored(half, `try-${round}`)) ? suspects.slice(half.length) : half;
  }
  return (await isStored(suspects, 'try-last')) ? undefined : suspects[0];
}

/** In a sparse checkout git reads attributes of folders that are not there from the index. */
async function attributeEntries(worktree: Worktree, signal: AbortSignal): Promise<readonly Entry[]> {
  if (worktree.config.findLast(([key]) => key === 'core.sparsecheckout')?.[1] !== 'true') return [];
  const {stdout} = await worktree.read(['ls-files', '-z', '--stage'], '', signal);
  return parseStage(stdout).filter(([path]) => path === '.gitattributes' || path.endsWith('/.gitattributes'));
}

/** `MODE OID STAGE<TAB>PATH` (git-ls-files, `--stage`). A path that is not UTF-8 is none that anyone asked for. */
function parseStage(stdout: Buffer): readonly Entry[] {
  return stdout.toString('latin1').split('\0').flatMap((line): Entry[] => {
    const [, mode = '', oid = '', name = ''] = /^([0-7]{6}) ([0-9a-f]{40}) \d\t(.+)$/s.exec(line) ?? [];
    const path = name === '' ? undefined : decodeStrictly(Buffer.from(name, 'latin1'));
    return path === undefined ? [] : [[path, {mode, oid}]];
  });
}
