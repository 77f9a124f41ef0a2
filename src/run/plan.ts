import {AppError} from '../core/errors.js';
import {manifestOwners, ownerOf, type Manifest} from '../core/manifest.js';
import type {Plan, SpecialistConfig, Stream} from '../core/specialist.js';

const tests = ['test/**', 'tests/**', '**/__tests__/**', '**/*.test.*', '**/*.spec.*', '**/test_*.py', '**/*_test.py'];
const documents = ['docs/**', 'doc/**', '**/*.md'];
/** What steers other people's machines or Bulkhead itself: only its owner by the manifest may write it. */
const guarded = [
  ...['bulkhead.yml', '.agent-os/**', 'agent-os/**'],
  ...['.github/**', '.gitlab-ci.yml', '.gitlab/**', '.buildkite/**', '.circleci/**', '.husky/**'],
  ...['**/.gitattributes', '**/.gitmodules', '**/.npmrc'],
  ...['.vscode/**', '.idea/**', '.devcontainer/**', '.claude/**', '.cursor/**', '.codex/**', '.gemini/**'],
].map((glob) => `!${glob}`);
const code = ['**', ...tests.map((glob) => `!${glob}`), ...documents.map((glob) => `!${glob}`), ...guarded];

/** Default write scopes of the guide's roles, and their place in the merge: shared work and code first, then tests and documents, integration last. */
const roles: Readonly<Record<string, {readonly write: readonly string[]; readonly rank: number}>> = {
  implementation: {write: code, rank: 0},
  quality: {write: code, rank: 1},
  security: {write: code, rank: 1},
  test: {write: tests, rank: 2},
  documentation: {write: documents, rank: 3},
  integration: {write: code, rank: 4},
};
const otherRole = {write: code, rank: 1};

/**
 * The plan of a run: one stream for each specialist that owns something, in merge order. Pure. A configured
 * specialist that owns nothing is refused with CONFIG_INVALID: it would work without anything to prove.
 */
export function planStreams(manifest: Manifest, specialists: Readonly<Record<string, SpecialistConfig>>): Plan {
  const owners = manifestOwners(manifest);
  const idle = Object.keys(specialists).filter((name) => !owners.includes(name));
  if (idle.length > 0) {
    throw new AppError('CONFIG_INVALID', `specialists.${idle[0] ?? ''}: the manifest gives this specialist nothing to deliver.`, {
      hint: `Make it the owner of a file or a test, or remove it. Owners now: ${owners.join(', ')}.`,
    });
  }
  const rank = (name: string): number => roleOf(name).rank;
  const ordered = [...owners].sort((a, b) => rank(a) - rank(b) || owners.indexOf(a) - owners.indexOf(b));
  return {streams: ordered.map((specialist) => streamOf(manifest, specialist, Object.hasOwn(specialists, specialist) ? specialists[specialist] : undefined))};
}

/** Any name may be an owner, also one that every object has a member of. */
function roleOf(name: string): {readonly write: readonly string[]; readonly rank: number} {
  return (Object.hasOwn(roles, name) ? roles[name] : undefined) ?? otherRole;
}

function streamOf(manifest: Manifest, specialist: string, config: SpecialistConfig | undefined): Stream {
  const paths = [...new Set([...manifest.files, ...(manifest.tests?.files ?? [])].map((entry) => entry.path))];
  return {
    specialist,
    write: [...(config?.scope?.write ?? roleOf(specialist).write)],
    owns: paths.filter((path) => ownerOf(manifest, path) === specialist),
    closed: paths.filter((path) => ownerOf(manifest, path) !== specialist),
  };
}
