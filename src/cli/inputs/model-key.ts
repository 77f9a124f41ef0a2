import {readFile} from 'node:fs/promises';
import {AppError, systemCode} from '../../core/errors.js';
import {hideSecret} from '../secrets.js';

/**
 * The key for a live model: from the environment, or from the file that the user's own configuration names. From here
 * on it is hidden in all that this process writes.
 * Throws MODEL_KEY_MISSING, and CONFIG_INVALID for a key file that cannot be read.
 */
export async function readModelKey(env: NodeJS.ProcessEnv, keyFile: string | undefined): Promise<string> {
  const fromEnvironment = env['ANTHROPIC_API_KEY']?.trim();
  if (fromEnvironment !== undefined && fromEnvironment !== '') return hiding('ANTHROPIC_API_KEY', fromEnvironment);
  const fromFile = keyFile === undefined ? '' : await readKeyFile(keyFile);
  if (fromFile !== '') return hiding('model.keyFile', fromFile);
  throw new AppError('MODEL_KEY_MISSING', keyFile === undefined ? 'ANTHROPIC_API_KEY is not set, and no key file is configured.' : `ANTHROPIC_API_KEY is not set, and ${keyFile} is empty.`, {
    hint: 'Set it in the environment, or set `model.keyFile` in your own configuration. The key stays on this machine: no box ever has it.',
  });
}

function hiding(name: string, key: string): string {
  hideSecret(name, key);
  return key;
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `The key file ${file} cannot be read (${systemCode(error) ?? 'unknown'}).`, {hint: 'Correct `model.keyFile` in your own configuration.', cause: error});
  }
}
