import {manifestOwners, ownerOf, type Manifest} from '../core/manifest.js';
import type {Plan, Stream} from '../core/specialist.js';
import {testGlobs} from '../core/test-path.js';
import type {Scope} from './options.js';

const documents = ['docs/**', 'doc/**', '**/*.md'];
/** What steers other people's machines, agents, or Bulkhead itself: only its owner by the manifest may write it, whatever a scope says. */
const guarded = [
  ...['bulkhead.yml', '**/.agent-os/**', '**/agent-os/**'],
  ...['**/.github/**', '**/.gitlab-ci.yml', '**/.gitlab/**', '**/.buildkite/**', '**/.circleci/**', '**/.husky/**', '**/.githooks/**', '**/.hooks/**'],
  ...['**/.gitattributes', '**/.gitmodules', '**/.npmrc', '**/.envrc'],
  ...['**/.vscode/**', '**/.idea/**', '**/.devcontainer/**', '**/.claude/**', '**/.cursor/**', '**/.codex/**', '**/.gemini/**', '**/CLAUDE.md', '**/AGENTS.md', '**/GEMINI.md'],
].map((glob) => `!${glob}`);
const code = ['**', ...[...testGlobs, ...documents].map((glob) => `!${glob}`)];

interface Role {
  readonly write: readonly string[];
  readonly rank: number;
}

/** Default write scopes of the guide's roles, and their place in the merge: shared work and code first, then tests and documents, integration last. */
const roles: Readonly<Record<string, Role>> = {
  implementation: {write: code, rank: 0},
  quality: {write: code, rank: 1},
  security: {write: code, rank: 1},
  test: {write: testGlobs, rank: 2},
  documentation: {write: documents, rank: 3},
  integration: {write: code, rank: 4},
};
const otherRole: Role = {write: code, rank: 1};

/**
 * The plan of a run: one stream for each specialist that owns something, in merge order. Pure. Nobody may write the
 * `kept` paths or what is below them: Bulkhead itself writes there afterwards. A scope that comes with the repository can only narrow a role's own.
 */
export function planStreams(manifest: Manifest, scopes: Readonly<Record<string, Scope>>, kept: readonly string[] = []): Plan {
  const owners = manifestOwners(manifest);
  const ordered = [...owners].sort((a, b) => roleOf(a).rank - roleOf(b).rank || owners.indexOf(a) - owners.indexOf(b));
  return {streams: ordered.map((specialist) => streamOf(manifest, {specialist, scope: Object.hasOwn(scopes, specialist) ? scopes[specialist] : undefined, kept}))};
}

/** Any name may be an owner, also one that every object has a member of. */
function roleOf(name: string): Role {
  return (Object.hasOwn(roles, name) ? roles[name] : undefined) ?? otherRole;
}

/** A glob that means one path, whatever characters are in it: folders named `#100`, `(site)` or `[slug]` are real. */
function literalGlob(path: string): string {
  return path.replace(/[\\*?[\]{}()!@+|]/g, '\\$&');
}

function streamOf(manifest: Manifest, {specialist, scope, kept}: {readonly specialist: string; readonly scope: Scope | undefined; readonly kept: readonly string[]}): Stream {
  const paths = [...new Set([...manifest.files, ...(manifest.tests?.files ?? [])].map((entry) => entry.path))];
  const role = roleOf(specialist).write;
  const guards = [...guarded, ...kept.map(literalGlob).flatMap((glob) => [`!${glob}`, `!${glob}/**`])];
  return {
    specialist,
    write: [...(scope?.write ?? role)],
    within: [...(scope?.origin === 'repository' ? role : ['**']), ...guards],
    owns: paths.filter((path) => ownerOf(manifest, path) === specialist),
    closed: paths.filter((path) => ownerOf(manifest, path) !== specialist),
  };
}
