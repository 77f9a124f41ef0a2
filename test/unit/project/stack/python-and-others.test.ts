import {describe, expect, test} from 'vitest';
import {said, stackOf} from './stack-fixture.js';

describe('Python', () => {
  test.each([
    ['pytest.ini', ''],
    ['pyproject.toml', '[project]\nname = "x"\n\n[tool.pytest.ini_options]\naddopts = "-q"\n'],
    ['setup.cfg', '[metadata]\nname = x\n\n[tool:pytest]\ntestpaths = tests\n'],
    ['tox.ini', '[pytest]\naddopts = -q\n'],
  ])('pytest is certain by %s, its plain command only likely', async (file, text) => {
    const stack = await stackOf({[file]: text});
    expect(said(stack, 'runner')).toContain(`pytest certain ${file}`);
    expect(said(stack, 'test-command')).toContain(`pytest likely ${file}`);
  });

  test.each([
    ['requirements-dev.txt', 'requests==2\npytest>=8\n'],
    ['pyproject.toml', '[dependency-groups]\ndev = ["pytest>=8", "ruff"]\n'],
    ['pyproject.toml', '[tool.poetry.group.dev.dependencies]\npytest = "^8"\n'],
    ['setup.py', "setup(tests_require=['pytest'])\n"],
    ['Pipfile', '[dev-packages]\npytest = "*"\n'],
  ])('pytest is likely when %s depends on it', async (file, text) => {
    expect(said(await stackOf({[file]: text}), 'runner')).toEqual([`pytest likely ${file}`]);
  });

  test('a plugin or another name is not pytest', async () => {
    expect(said(await stackOf({'requirements.txt': 'pytest-mock\nmypytest\n'}), 'runner')).toEqual([]);
  });

  test('a header inside a text of several lines is no section', async () => {
    expect(said(await stackOf({'pyproject.toml': '[project]\ndescription = """\n[tool.pytest.ini_options]\n"""\n'}), 'runner')).toEqual([]);
  });

  test('tox, nox and Django are seen beside pytest', async () => {
    const stack = await stackOf({'tox.ini': '[tox]\nenvlist = py3\n[testenv]\ncommands = pytest\n', 'noxfile.py': '', 'manage.py': '', 'pytest.ini': ''});
    expect(said(stack, 'runner')).toEqual(['django likely manage.py', 'nox certain noxfile.py', 'pytest certain pytest.ini', 'tox certain tox.ini']);
  });

  test('unittest is likely by a test file that imports it, and only where no runner is named', async () => {
    const files = {'setup.py': '', 'tests/test_a.py': 'import unittest\n'};
    expect(said(await stackOf(files), 'test-command')).toEqual(['python3 -m unittest discover guess tests/test_a.py']);
    expect(said(await stackOf({...files, 'pytest.ini': ''}), 'runner')).toEqual(['pytest certain pytest.ini']);
    expect(said(await stackOf({'setup.py': '', 'tests/test_a.py': 'def test_x(): pass\n'}), 'runner')).toEqual(['pytest guess tests/test_a.py']);
  });

  test.each([
    ['uv.lock', 'uv'],
    ['poetry.lock', 'poetry'],
    ['pdm.lock', 'pdm'],
    ['Pipfile.lock', 'pipenv'],
  ])('%s makes %s certain', async (file, manager) => {
    expect(said(await stackOf({'pyproject.toml': '', [file]: ''}), 'package-manager')).toEqual([`${manager} certain ${file}`]);
  });

  test('pip is likely by requirements alone; a section names its tool', async () => {
    expect(said(await stackOf({'requirements.txt': ''}), 'package-manager')).toEqual(['pip likely requirements.txt']);
    expect(said(await stackOf({'pyproject.toml': '[tool.poetry]\nname = "x"\n', 'requirements.txt': ''}), 'package-manager')).toEqual(['poetry likely pyproject.toml']);
  });

  test('the version and the members of a uv workspace', async () => {
    const stack = await stackOf({'pyproject.toml': '[project]\nrequires-python = ">=3.11" # why\n[tool.uv.workspace]\nmembers = [\n  "libs/*",\n]\n', 'libs/a/pyproject.toml': '', 'libs/b/README.md': ''});
    expect(said(stack, 'version')).toEqual(['python >=3.11 certain pyproject.toml']);
    expect(said(stack, 'workspace')).toEqual(['libs/a certain pyproject.toml']);
  });
});

describe('other languages', () => {
  test.each([
    ['go.mod', 'go', 'go test ./...'],
    ['Cargo.toml', 'rust', 'cargo test'],
    ['pom.xml', 'java', 'mvn test'],
    ['build.gradle.kts', 'java', 'gradle test'],
    ['mix.exs', 'elixir', 'mix test'],
    ['Package.swift', 'swift', 'swift test'],
    ['App.csproj', 'dotnet', 'dotnet test'],
    ['deno.jsonc', 'deno', 'deno test'],
  ])('%s is %s for certain, and its usual test command only likely', async (file, language, command) => {
    const stack = await stackOf({[file]: ''});
    expect(said(stack, 'language')).toEqual([`${language} certain ${file}`]);
    expect(said(stack, 'test-command')).toEqual([`${command} likely ${file}`]);
  });

  test('targets of a Makefile, and not what only looks like one', async () => {
    expect(said(await stackOf({Makefile: '.PHONY: test\ntest: lib\n\tgo test\ncheck:\n\ttrue\nbuild := x\n'}), 'test-command')).toEqual(['make check guess Makefile', 'make test likely Makefile']);
    expect(said(await stackOf({Makefile: 'test := 1\nlatest:\n\ntest\nfoo: bar\n'}), 'test-command')).toEqual([]);
    expect(said(await stackOf({Makefile: 'test  = a:b\ncheck ?= x:y\n'}), 'test-command')).toEqual([]);
    expect(said(await stackOf({justfile: 'test filter="":\n  cargo test\n'}), 'test-command')).toEqual(['just test likely justfile']);
    expect(said(await stackOf({justfile: 'test *args:\n  cargo test\n'}), 'test-command')).toEqual(['just test likely justfile']);
  });
});

describe('environment and CI', () => {
  test('version files', async () => {
    const stack = await stackOf({'.nvmrc': '# lts\nv20.19\n', '.tool-versions': 'nodejs 20.1.0\npython 3.12 # why\n\n', '.python-version': '3.12\n', 'mise.toml': '[tools]\nnode = "22"\n'});
    expect(said(stack, 'version')).toEqual(['node 20.1.0 certain .tool-versions', 'node 22 certain mise.toml', 'node v20.19 certain .nvmrc', 'python 3.12 certain .python-version', 'python 3.12 certain .tool-versions']);
  });

  test('the last stage of a Dockerfile, the services of a compose file', async () => {
    const stack = await stackOf({Dockerfile: 'FROM --platform=linux/amd64 node:20 AS build\nRUN x\nfrom node:20-slim\n', 'compose.yaml': 'services:\n  db: {image: "postgres:16"}\n  app: {build: .}\n'});
    expect(said(stack, 'container')).toEqual(['node:20-slim likely Dockerfile', 'postgres:16 guess compose.yaml', 'service app guess compose.yaml']);
  });

  test('devcontainer.json with comments and trailing commas', async () => {
    const text = '// for editors\n{\n  "image": "x/y:1", /* "image": "no" */\n  "features": {"https://a//b": {},},\n}\n';
    expect(said(await stackOf({'.devcontainer/devcontainer.json': text}), 'container')).toEqual(['https://a//b guess .devcontainer/devcontainer.json', 'x/y:1 likely .devcontainer/devcontainer.json']);
    expect(said(await stackOf({'.devcontainer.json': '{"build": {"dockerfile": "Dev.dockerfile"}}'}), 'container')).toEqual(['Dev.dockerfile likely .devcontainer.json']);
  });

  test.each([
    ['.github/workflows/ci.yml', 'jobs:\n  a:\n    steps:\n      - name: test it\n        run: |\n          npm ci\n          npm test\n'],
    ['.gitlab-ci.yml', 'unit:\n  script:\n    - npm ci\n    - npm test\n'],
    ['.circleci/config.yml', 'jobs: {a: {steps: [{run: {command: npm test}}]}}\n'],
    ['.travis.yml', 'script: npm test\n'],
  ])('%s gives its test lines as guesses, and never a test command', async (file, text) => {
    const stack = await stackOf({[file]: text});
    expect(said(stack, 'ci')).toEqual([`npm test guess ${file}`]);
    expect(said(stack, 'test-command')).toEqual([]);
  });
});
