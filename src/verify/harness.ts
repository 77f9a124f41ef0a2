import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {toolsPath} from '../core/sandbox.js';
import {AppError} from '../core/errors.js';
import type {SeedFile} from '../core/tree.js';

/** Reporters of ours and what they are started with, by their file name under `images/harness/`. In a box they are under {@link harnessFolder}. */
export const harnessFiles = {
  node: 'node-reporter.mjs',
  pytest: 'pytest_bulkhead.py',
  vitest: 'vitest.mjs',
  jest: 'jest.cjs',
  mocha: 'mocha.cjs',
  stream: 'result-stream.cjs',
  report: 'report.sh',
} as const;

/** Where a box sees the harness of its snapshot, read-only. */
export const harnessFolder = `${toolsPath}/harness`;

/** Reads our reporters from the folder of the installation. Throws ENVIRONMENT when the installation is incomplete. */
export async function readHarness(dir: string): Promise<readonly SeedFile[]> {
  return Promise.all(
    Object.values(harnessFiles).map(async (name): Promise<SeedFile> => {
      try {
        return {path: name, mode: 'file', bytes: await readFile(join(dir, name))};
      } catch (cause) {
        throw new AppError('ENVIRONMENT', `The test reporter ${join(dir, name)} cannot be read.`, {hint: 'Install Bulkhead again.', cause});
      }
    }),
  );
}
