import {mkdir, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {foldersOf, isDotGit, repoPathProblem} from '../../core/path.js';
import {isAppError} from '../../core/errors.js';
import {runGit} from '../door/command.js';
import {onDisk} from '../door/disk.js';
import type {Staging} from '../bare/staging.js';

/** A `.gitignore` of the tree that a submission would give. */
export interface IgnoreFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Which of the given new paths git would ignore, by git itself in an empty folder that holds nothing but the ignore
 * files: hostile patterns can take for ever, and a process can be ended, a regular expression here could not. No ignore
 * file may stand above another one.
 * Undefined: the patterns took too long. A path that is not safe to ask for is judged by the folder above it.
 */
export async function readIgnored(
  staging: Staging,
  asked: {readonly ignoreFiles: readonly IgnoreFile[]; readonly paths: readonly string[]; readonly folder: string; readonly timeoutMs: number},
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  const questions = new Map<string, string[]>();
  for (const path of asked.paths) {
    const question = questionFor(path);
    if (question !== undefined) questions.set(question, [...(questions.get(question) ?? []), path]);
  }
  if (questions.size === 0) return new Set();
  const worktree = join(staging.folder, asked.folder);
  await onDisk(worktree, () => mkdir(worktree, {mode: 0o700}));
  const folders = new Set(['', ...[...questions.keys()].flatMap((question) => foldersOf(question.slice(2)))]);
  for (const file of asked.ignoreFiles) if (folders.has(folderOf(file.path))) await onDisk(worktree, () => place(worktree, file));
  const stdout = await checkIgnore(staging, {worktree, questions: [...questions.keys()], timeoutMs: asked.timeoutMs}, signal);
  return stdout === undefined ? undefined : new Set(stdout.toString('utf8').split('\0').flatMap((question) => questions.get(question) ?? []));
}

async function checkIgnore(staging: Staging, asked: {readonly worktree: string; readonly questions: readonly string[]; readonly timeoutMs: number}, signal: AbortSignal): Promise<Buffer | undefined> {
  const stdin = asked.questions.map((question) => `${question}\0`).join('');
  try {
    const {stdout} = await runGit({
      gitDir: staging.store.directory,
      args: ['check-ignore', '--no-index', '-z', '--stdin'],
      cwd: asked.worktree,
      // check-ignore refuses literal pathspecs; `./` in front keeps a leading `:` from being magic.
      env: {GIT_WORK_TREE: asked.worktree, GIT_LITERAL_PATHSPECS: '0'},
      stdin,
      // The answer is a part of the question, however long that is.
      maxBytes: Buffer.byteLength(stdin) + 1,
      okExits: [0, 1],
      timeoutMs: asked.timeoutMs,
      signal,
    });
    return stdout;
  } catch (error) {
    if (isAppError(error, 'GIT_FAILED') && error.details['exitCode'] === undefined) return undefined;
    throw error;
  }
}

/** Prefixed for git: the path itself, or a stand-in below its deepest safe folder: what is in an ignored folder is ignored. */
function questionFor(path: string): string | undefined {
  if (repoPathProblem(path) === undefined) return `./${path}`;
  const parts = path.split('/');
  const unsafe = parts.findIndex((part) => isDotGit(part) || repoPathProblem(part) !== undefined);
  return unsafe > 0 ? `./${parts.slice(0, unsafe).join('/')}/0` : undefined;
}

async function place(worktree: string, file: IgnoreFile): Promise<void> {
  if (repoPathProblem(file.path) !== undefined) return;
  await mkdir(join(worktree, dirname(file.path)), {recursive: true, mode: 0o700});
  await writeFile(join(worktree, file.path), file.bytes, {mode: 0o600});
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
