import type {GitStore} from '../bare/refs.js';
import {assertId} from '../bare/refs.js';
import {runGit} from '../door/command.js';
import {openTreeReader} from '../bare/tree-reader.js';

/** A changed file that acts on people's machines, on CI or on other agents, not only in the product. */
export interface LookFirst {
  /** Not escaped. */
  readonly path: string;
  /** What it is, a few words. */
  readonly what: string;
}

/** One changed file, and its mode afterwards; `000000` when it is gone. */
export interface ChangedFile {
  readonly path: string;
  readonly mode: string;
  readonly wasMode: string;
}

/**
 * What each of these files does without being asked for (`security.md` §1.6: treat like a pull request from an untrusted
 * contributor). By name alone, whatever folder: a file that git or a tool would read there.
 */
const kinds: readonly (readonly [what: string, paths: RegExp])[] = [
  ['hook', /(?:^|\/)(?:\.husky|\.?git-?hooks|hooks)\/|(?:^|\/)(?:\.pre-commit-config\.ya?ml|\.?lefthook(?:-local)?\.(?:ya?ml|toml|json)|\.overcommit\.yml|\.lintstagedrc[^/]*|\.huskyrc[^/]*)$/i],
  ['CI', /(?:^|\/)\.(?:github|gitlab|gitea|forgejo|circleci|buildkite|woodpecker|drone|azure-pipelines)\/|(?:^|\/)(?:\.gitlab-ci[^/]*\.ya?ml|\.travis\.yml|\.drone\.ya?ml|\.woodpecker\.ya?ml|\.cirrus\.yml|appveyor\.yml|azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.yml|Jenkinsfile[^/]*|cloudbuild\.ya?ml|renovate\.json5?|dependabot\.ya?ml)$/i],
  ['lock file', /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|deno\.lock|Cargo\.lock|Gemfile\.lock|composer\.lock|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|go\.sum|flake\.lock|mix\.lock|gradle\.lockfile|packages\.lock\.json|Podfile\.lock|[^/]*requirements[^/]*\.txt)$/i],
  ['package registry', /(?:^|\/)(?:\.npmrc|\.yarnrc(?:\.ya?ml)?|\.pnpmfile\.c?js|pnpm-workspace\.yaml|bunfig\.toml|pip\.conf|\.pypirc|\.gemrc|nuget\.config|\.cargo\/config(?:\.toml)?)$/i],
  ['build script', /(?:^|\/)(?:(?:GNU)?Makefile|[^/]+\.mk|CMakeLists\.txt|justfile|Taskfile\.ya?ml|Rakefile|Gemfile|setup\.py|conftest\.py|build\.rs|binding\.gyp|[^/]*\.gradle(?:\.kts)?|gradle-wrapper\.(?:jar|properties)|gradlew(?:\.bat)?|mvnw(?:\.cmd)?|pom\.xml|noxfile\.py|tox\.ini|Dockerfile[^/]*|[^/]*\.dockerfile|(?:docker-)?compose[^/]*\.ya?ml)$/i],
  ['editor', /(?:^|\/)\.(?:vscode|idea|fleet|zed|devcontainer|nvim|theia)\/|(?:^|\/)(?:\.devcontainer\.json|[^/]*\.code-workspace|\.vimrc|\.exrc|\.nvimrc|\.dir-locals\.el|\.envrc|\.tool-versions|mise\.toml|\.mise\.toml)$/i],
  ['agent', /(?:^|\/)\.?agent-os\/|(?:^|\/)\.(?:claude|cursor|codex|gemini|aider|windsurf|continue|roo|clinerules|amazonq|kiro|opencode)(?:\/|$)|(?:^|\/)(?:CLAUDE|AGENTS?|GEMINI|COPILOT|CONVENTIONS)(?:\.local)?\.md$|(?:^|\/)(?:\.mcp\.json|\.cursorrules|\.windsurfrules|\.aider[^/]*|bulkhead\.ya?ml|copilot-instructions\.md)$/i],
  ['git configuration', /(?:^|\/)(?:\.gitattributes|\.gitmodules|\.mailmap|\.gitconfig|\.lfsconfig)$/i],
];
/** Manifests of packages whose scripts are run by an install or a build. */
const manifests = /(?:^|\/)(?:package|composer)\.json$/;
const scriptKeys = ['scripts', 'bin', 'workspaces', 'packageManager', 'overrides', 'resolutions', 'gypfile', 'husky', 'lint-staged', 'simple-git-hooks', 'pnpm', 'repositories', 'config'];
/** Largest package manifest that is looked into. */
const maxBytes = 1024 * 1024;

/**
 * What of some changed files deserves a person's eye before anything else, in the order of the paths. `scripts` says
 * whether a package manifest changed in what it runs. Pure.
 */
export function lookFirst(changes: readonly ChangedFile[], scripts: ReadonlySet<string>): readonly LookFirst[] {
  return changes.flatMap(({path, mode, wasMode}): readonly LookFirst[] => {
    const kind = kinds.find(([, paths]) => paths.test(path))?.[0];
    if (kind !== undefined) return [{path, what: kind}];
    if (scripts.has(path)) return [{path, what: 'package scripts'}];
    if (mode === '120000') return [{path, what: 'link'}];
    return mode === '100755' && wasMode !== '100755' ? [{path, what: 'executable'}] : [];
  });
}

/** {@link lookFirst} between two commits of our repository. */
export async function readLookFirst(store: GitStore, {from, to}: {readonly from: string; readonly to: string}, signal: AbortSignal): Promise<readonly LookFirst[]> {
  assertId(from);
  assertId(to);
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-ext-diff', '--no-textconv', from, to];
  const fields = (await runGit({gitDir: store.directory, args, signal})).stdout.toString('utf8').split('\0');
  const changes: ChangedFile[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [, wasMode = '', mode = ''] = /^:(\d{6}) (\d{6}) /.exec(fields[index] ?? '') ?? [];
    changes.push({path: fields[index + 1] ?? '', mode, wasMode});
  }
  const [before, after] = [await openTreeReader(store, from, signal), await openTreeReader(store, to, signal)];
  const scripts = new Set<string>();
  for (const {path} of changes.filter((change) => manifests.test(change.path))) {
    if (!sameScripts(await before.read(path, signal), await after.read(path, signal))) scripts.add(path);
  }
  return lookFirst(changes, scripts);
}

/** Whether two versions of a package manifest run the same; on any doubt they do not. */
function sameScripts(before: Uint8Array | undefined, after: Uint8Array | undefined): boolean {
  const [was, is] = [scriptsOf(before), scriptsOf(after)];
  return was !== undefined && is !== undefined && was === is;
}

function scriptsOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length > maxBytes) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return JSON.stringify(scriptKeys.map((key) => (Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : null)));
  } catch {
    return undefined;
  }
}
