import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {Manifest} from '../../core/manifest.js';
import {planInstall} from '../../project/install/plan.js';
import type {Registries} from '../../project/install/registries.js';
import {planSuite} from '../../verify/runners/runner.js';
import type {Base} from './base.js';

/**
 * Throws MANIFEST_INVALID when the test command does not start the runner that the manifest names. Gives what a person
 * should know of how the tests will be judged, or undefined.
 */
export async function checkSuite(base: Base, manifest: Manifest, signal: AbortSignal): Promise<string | undefined> {
  if (manifest.tests === undefined) return undefined;
  const packageJson = await base.tree.read('package.json', signal);
  const suite = planSuite(manifest.tests, packageJson && Buffer.from(packageJson).toString('utf8'));
  const command = `The test command \`${escapeText(manifest.tests.command.join(' '))}\``;
  if (suite.evidence === 'own-report') return `${command} is judged by a report that it writes itself, which is weaker than what a reporter of ours sees.`;
  if (suite.evidence !== 'exit-code') return undefined;
  return `${command} is judged by its exit code alone: single tests are seen with node --test, vitest, jest, mocha and pytest, or in a report (tests.runner: junit or tap).`;
}

/**
 * Throws INSTALL_UNSUPPORTED and INSTALL_REFUSED when the dependencies of the base cannot be installed safely, and
 * CONFIG_INVALID when a token that is configured is not there.
 */
export async function checkInstall(base: Base, {manifest, registries}: {readonly manifest: Manifest; readonly registries: Registries}, signal: AbortSignal): Promise<void> {
  if (manifest.install === undefined) return;
  await planInstall(manifest.install, {tree: base.tree, registries}, signal);
  registries.given(manifest.image);
}

/** Throws MANIFEST_INVALID when the manifest promises to create what its base has, or to change or delete what it has not. */
export async function checkAgainstBase(base: Base, manifest: Manifest, source: string, signal: AbortSignal): Promise<void> {
  const there = new Set((await base.tree.list(signal)).map(({path}) => path));
  const wrong = manifest.files.filter((file) => there.has(file.path) === (file.action === 'create'));
  if (wrong.length === 0) return;
  const problems = wrong.map((file) => `\`${file.path}\` cannot be ${file.action === 'create' ? 'created: it is there' : `${file.action === 'delete' ? 'deleted' : 'modified'}: it is not there`}`);
  throw new AppError('MANIFEST_INVALID', `${source}: on the base ${manifest.base.slice(0, 12)}, ${problems.join('; ')}.`, {
    hint: `Correct the path or the action.${base.onto === undefined ? ' Only committed files count as being there.' : ''}`,
    details: {problems},
  });
}
