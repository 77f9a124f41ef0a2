import {expect, it} from 'vitest';
import {lookFirst} from '../../../src/git/deliver/look-first.js';
import {date, file, link, never, open, ownRepository, stream, tempFolder} from './fixture.js';

const changed = (path: string, mode = '100644') => ({path, mode, wasMode: '100644'});
const whats = (paths: readonly string[]) => lookFirst(paths.map((path) => changed(path)), new Set()).map(({path, what}) => `${path}: ${what}`);

it('names what acts by itself, wherever it lies', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    hook: ['.husky/pre-commit', '.githooks/post-merge', 'tools/hooks/x', '.pre-commit-config.yaml', 'lefthook.yml'],
    CI: ['.github/workflows/ci.yml', '.github/actions/x/action.yml', '.gitlab-ci.yml', '.gitlab-ci.deploy.yml', '.circleci/config.yml', 'Jenkinsfile', 'ci/Jenkinsfile.release', 'azure-pipelines.yml', '.buildkite/x'],
    'lock file': ['package-lock.json', 'web/yarn.lock', 'pnpm-lock.yaml', 'Cargo.lock', 'poetry.lock', 'go.sum', 'requirements-dev.txt', 'bun.lockb'],
    'package registry': ['.npmrc', 'a/.yarnrc.yml', '.cargo/config.toml', 'pip.conf'],
    'build script': ['Makefile', 'x.mk', 'setup.py', 'build.rs', 'binding.gyp', 'build.gradle.kts', 'Dockerfile', 'docker-compose.yml', 'compose.prod.yaml', 'gradlew'],
    editor: ['.vscode/tasks.json', '.idea/x.xml', '.devcontainer/devcontainer.json', 'a.code-workspace', '.envrc', '.vimrc'],
    agent: ['.claude/settings.json', 'CLAUDE.md', 'sub/AGENTS.md', '.cursor/rules/a.mdc', '.mcp.json', '.agent-os/x.md', 'agent-os/x.md', 'bulkhead.yml', '.cursorrules', '.codex/config.toml'],
    'git configuration': ['.gitattributes', '.gitmodules'],
  };
  for (const [what, paths] of Object.entries(cases)) expect(whats(paths)).toEqual(paths.map((path) => `${path}: ${what}`));
  expect(whats(['src/github.ts', 'docs/makefile.md', 'src/hook.ts', 'hooks.ts', 'lock.ts', 'src/agents.ts', 'package.json', 'requirements.md', '.gitignore', 'README.md'])).toEqual([]);
});

it('names links and what became executable, but not what was so before', () => {
  const files = [changed('a', '120000'), changed('b', '100755'), {path: 'c', mode: '100755', wasMode: '100755'}, {path: 'd', mode: '000000', wasMode: '100755'}];
  expect(lookFirst(files, new Set())).toEqual([{path: 'a', what: 'link'}, {path: 'b', what: 'executable'}]);
});

it('looks into a package manifest: only what it runs counts, and what cannot be read does', async () => {
  await using folder = await tempFolder();
  const manifest = (value: object) => JSON.stringify(value);
  const before = {'package.json': manifest({scripts: {test: 'x'}}), 'a/package.json': manifest({name: 'a', scripts: {test: 'x'}}), 'b/package.json': manifest({}), 'c/package.json': manifest({})};
  const {repository, base} = await ownRepository(folder.path, before);
  const entries = [
    file('package.json', manifest({scripts: {test: 'x', postinstall: 'evil'}})),
    file('a/package.json', manifest({name: 'b', version: '2', scripts: {test: 'x'}})),
    file('b/package.json', '{"scripts": {} /* comment */}'),
    file('c/package.json', manifest({bin: {x: 'y'}})),
    file('d/package.json', manifest({name: 'd'})),
    link('here', 'package.json'),
    file('plain.txt', 'p'),
  ];
  const {commit} = await repository.importSubmission({parent: base, entries: stream(entries), policy: open, ref: 'refs/bulkhead/r1/x', message: 'x', date, signal: never});
  expect(await repository.lookFirst({from: base, to: commit}, never)).toEqual([
    {path: 'b/package.json', what: 'package scripts'},
    {path: 'c/package.json', what: 'package scripts'},
    {path: 'd/package.json', what: 'package scripts'},
    {path: 'here', what: 'link'},
    {path: 'package.json', what: 'package scripts'},
  ]);
});
