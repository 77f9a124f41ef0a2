import {constants} from 'node:fs';
import {access} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import {AppError} from '../../core/errors.js';
import {printedBy} from './printed.js';
import {callGit, isGitFailure} from './process.js';
import {userEnvironment} from './user-git.js';

/** Command line of a code forge. */
export type Forge = 'gh' | 'glab';

/** A call of a forge's command line in the user's checkout. */
export interface ForgeCall {
  readonly forge: Forge;
  /** Absolute, from {@link findForge}. */
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin: string;
  readonly signal: AbortSignal;
}

const timeoutMs = 120_000;
const maxBytes = 1024 * 1024;

/** The first of some command lines that is in the user's PATH, outside of the checkout: a program of the tree may be an agent's. */
export async function findForge(root: string, wanted: readonly Forge[]): Promise<Pick<ForgeCall, 'forge' | 'program'> | undefined> {
  const folders = ((await userEnvironment(root))['PATH'] ?? '').split(delimiter);
  for (const forge of wanted) {
    for (const folder of folders) {
      const program = join(folder, forge);
      if (await access(program, constants.X_OK).then(() => true, () => false)) return {forge, program};
    }
  }
  return undefined;
}

/** Runs the user's own command line of a forge, with the user's login and without a terminal or a shell. Throws PULL_REQUEST_FAILED with what it printed. */
export async function runForge(root: string, {forge, program, args, stdin, signal}: ForgeCall): Promise<string> {
  // They ask when they may: then nobody would answer (gh help environment; glab, "Environment variables").
  const env = {...(await userEnvironment(root)), GH_PROMPT_DISABLED: '1', GLAB_NO_PROMPT: '1', NO_PROMPT: '1'};
  try {
    const {stdout} = await callGit(program, {argv: args, subcommand: forge, env, diskOf: root, cwd: root, stdin, signal, timeoutMs, maxBytes, okExits: [0]});
    return stdout.toString('utf8');
  } catch (error) {
    if (!isGitFailure(error) || !(error instanceof AppError)) throw error;
    const printed = printedBy(error);
    throw new AppError('PULL_REQUEST_FAILED', `\`${forge}\` could not open the pull request${printed === '' ? '' : `: ${printed}`}.`, {cause: error, details: error.details});
  }
}
