import type {Certainty, Fact} from './fact.js';
import type {Folder} from './files.js';
import {sectionsOf, valueOf} from './sections.js';

type Sections = ReadonlyMap<string, string>;

interface PythonFiles {
  readonly folder: Folder;
  readonly pyproject: Sections;
  readonly setupCfg: Sections;
  readonly toxIni: Sections;
  /** Texts that may name dependencies, by file. */
  readonly dependencies: ReadonlyMap<string, string>;
}

/** What Python's project files say: pyproject.toml, setup.py and setup.cfg, tox.ini, requirements, lock files, test files. */
export async function pythonFacts(folder: Folder): Promise<readonly Fact[]> {
  const marks = folder.files((name) => /^(?:pyproject\.toml|setup\.(?:py|cfg)|Pipfile|tox\.ini|pytest\.ini|manage\.py)$|^requirements[\w.-]*\.(?:txt|in)$/.test(name));
  if (marks.length === 0) return [];
  const files = await readPythonFiles(folder);
  const runners = await runnerFacts(files);
  return [
    ...marks.slice(0, 1).map((name): Fact => ({kind: 'language', value: 'python', file: folder.at(name), seen: `a ${name}`, certainty: name === 'tox.ini' ? 'likely' : 'certain'})),
    ...managerFacts(files),
    ...runners,
    ...commandFacts(runners),
    ...versionFacts(files),
    ...(files.pyproject.has('build-system') ? [{kind: 'build-command', value: 'python3 -m build', argv: ['python3', '-m', 'build'], file: folder.at('pyproject.toml'), seen: '[build-system]', certainty: 'guess'} satisfies Fact] : []),
  ];
}

async function readPythonFiles(folder: Folder): Promise<PythonFiles> {
  const sections = async (name: string): Promise<Sections> => sectionsOf((await folder.read(name)) ?? '');
  const dependencies = new Map<string, string>();
  for (const name of [...folder.files((each) => /^requirements[\w.-]*\.(?:txt|in)$/.test(each)).slice(0, 10), 'Pipfile', 'pyproject.toml', 'setup.cfg', 'setup.py']) {
    const text = await folder.read(name);
    if (text !== undefined) dependencies.set(name, text);
  }
  return {folder, pyproject: await sections('pyproject.toml'), setupCfg: await sections('setup.cfg'), toxIni: await sections('tox.ini'), dependencies};
}

function managerFacts({folder, pyproject}: PythonFiles): readonly Fact[] {
  const facts: Fact[] = [];
  const add = (value: string, file: string, seen: string, certainty: Certainty): void => {
    facts.push({kind: 'package-manager', value, file: folder.at(file), seen, certainty});
  };
  for (const [file, value] of [['uv.lock', 'uv'], ['poetry.lock', 'poetry'], ['pdm.lock', 'pdm'], ['Pipfile.lock', 'pipenv']] as const) if (folder.has(file)) add(value, file, 'its lock file', 'certain');
  for (const value of ['uv', 'poetry', 'pdm', 'hatch']) {
    const header = [...pyproject.keys()].find((name) => name === `tool.${value}` || name.startsWith(`tool.${value}.`));
    if (header !== undefined) add(value, 'pyproject.toml', `[${header.slice(0, 60)}]`, 'likely');
  }
  if (folder.has('Pipfile')) add('pipenv', 'Pipfile', 'a Pipfile', 'likely');
  const [requirements] = folder.files((name) => /^requirements[\w.-]*\.txt$/.test(name));
  if (facts.length === 0 && requirements !== undefined) add('pip', requirements, 'a requirements file', 'likely');
  return facts;
}

async function runnerFacts({folder, pyproject, setupCfg, toxIni, dependencies}: PythonFiles): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  const add = (value: string, file: string, seen: string, certainty: Certainty): void => {
    if (!facts.some((fact) => fact.value === value)) facts.push({kind: 'runner', value, file: folder.at(file), seen, certainty});
  };
  if (folder.has('pytest.ini')) add('pytest', 'pytest.ini', 'its configuration file', 'certain');
  for (const [file, sections, header] of [['pyproject.toml', pyproject, 'tool.pytest.ini_options'], ['pyproject.toml', pyproject, 'tool.pytest'], ['setup.cfg', setupCfg, 'tool:pytest'], ['tox.ini', toxIni, 'pytest']] as const) {
    if (sections.has(header)) add('pytest', file, `[${header}]`, 'certain');
  }
  if (toxIni.has('tox') || toxIni.has('testenv')) add('tox', 'tox.ini', toxIni.has('tox') ? '[tox]' : '[testenv]', 'certain');
  if (pyproject.has('tool.tox')) add('tox', 'pyproject.toml', '[tool.tox]', 'certain');
  if (folder.has('noxfile.py')) add('nox', 'noxfile.py', 'a noxfile.py', 'certain');
  for (const [file, text] of dependencies) if (/(?:^|[\s"'[,])pytest(?![\w.-])/m.test(text)) add('pytest', file, 'it names pytest', 'likely');
  const inTests = folder.folders().includes('tests') ? await folder.list('tests') : [];
  if (folder.has('conftest.py')) add('pytest', 'conftest.py', 'a conftest.py', 'likely');
  else if (inTests.some((entry) => entry.name === 'conftest.py' && entry.kind === 'file')) add('pytest', 'tests/conftest.py', 'a conftest.py', 'likely');
  if (folder.has('manage.py')) add('django', 'manage.py', 'a manage.py', 'likely');
  if (facts.length === 0) await addUnittest(folder, inTests.filter((entry) => entry.kind === 'file').map((entry) => `tests/${entry.name}`), add);
  return facts;
}

/** Only where no runner is named: a test file that imports unittest. */
async function addUnittest(folder: Folder, inTests: readonly string[], add: (value: string, file: string, seen: string, certainty: Certainty) => void): Promise<void> {
  const tests = [...folder.files(() => true), ...inTests].filter((name) => /(?:^|\/)(?:test_\w*|\w*_test)\.py$/.test(name)).slice(0, 20);
  for (const name of tests) {
    const text = await folder.read(name);
    if (text !== undefined && /^[ \t]*(?:import unittest|from unittest)\b/m.test(text)) {
      add('unittest', name, 'it imports unittest', 'likely');
      return;
    }
  }
  if (tests[0] !== undefined) add('pytest', tests[0], 'a test file by its name', 'guess');
}

const commands: Readonly<Record<string, readonly string[]>> = {
  pytest: ['pytest'],
  unittest: ['python3', '-m', 'unittest', 'discover'],
  tox: ['tox'],
  nox: ['nox'],
  django: ['python3', 'manage.py', 'test'],
};

function commandFacts(runners: readonly Fact[]): readonly Fact[] {
  return runners.flatMap(({value, file, seen, certainty}): readonly Fact[] => {
    const argv = commands[value];
    // A runner that is configured is certain; that it is started without arguments is only usual.
    return argv === undefined ? [] : [{kind: 'test-command', value: argv.join(' '), argv, file, seen, certainty: certainty === 'certain' ? 'likely' : 'guess'}];
  });
}

function versionFacts({folder, pyproject}: PythonFiles): readonly Fact[] {
  const version = valueOf(pyproject.get('project'), 'requires-python') ?? valueOf(pyproject.get('tool.poetry.dependencies'), 'python');
  return version === undefined || version === '' ? [] : [{kind: 'version', value: `python ${version.slice(0, 60)}`, file: folder.at('pyproject.toml'), seen: 'the version it asks for', certainty: 'certain'}];
}
