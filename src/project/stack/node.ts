import type {Fact, FactKind, FileProblem} from './fact.js';
import {mapOf, member, parseObject, type Folder} from './files.js';
import {nodeRunners, runnerOfScript} from './node-runners.js';
import {findNodeTestFile, nodeTestFacts} from './node-test-files.js';

/** Lock files, and the package manager that each belongs to. */
const lockFiles: Readonly<Record<string, string>> = {
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
};

/** What a package.json and the files beside it say. Nothing when there is none. */
export async function nodeFacts(folder: Folder, problems: FileProblem[], inherited?: string): Promise<readonly Fact[]> {
  const text = await folder.read('package.json');
  if (text === undefined) return [];
  const file = folder.at('package.json');
  const json = parseObject(text, {file, problems});
  if (json === undefined) return [];
  const manager = managerFacts(folder, json);
  const named = manager[0]?.value ?? inherited;
  const imported = await importedRunner(folder, mapOf(json['scripts']));
  return [
    {kind: 'language', value: 'node', file, seen: 'a package.json', certainty: 'certain'},
    ...(folder.has('tsconfig.json') ? [{kind: 'language', value: 'typescript', file: folder.at('tsconfig.json'), seen: 'a tsconfig.json', certainty: 'certain'} satisfies Fact] : []),
    ...manager,
    ...(manager.length === 0 && inherited === undefined ? [{kind: 'package-manager', value: 'npm', file, seen: 'a package.json without a lock file', certainty: 'guess'} satisfies Fact] : []),
    ...nodeRunners(folder, json),
    ...imported,
    ...scriptFacts(mapOf(json['scripts']), {file, manager: named ?? 'npm', seenImport: imported.length > 0}),
    ...engineFacts(json, file),
  ];
}

function managerFacts(folder: Folder, json: Readonly<Record<string, unknown>>): readonly Fact[] {
  const file = folder.at('package.json');
  const field = json['packageManager'];
  const engine = member(member(json['devEngines'], 'packageManager'), 'name');
  const said = typeof field === 'string' ? /^(npm|pnpm|yarn|bun)@/.exec(field)?.[1] : undefined;
  const facts: Fact[] = [];
  if (said !== undefined) facts.push({kind: 'package-manager', value: said, file, seen: `packageManager: ${String(field).slice(0, 40)}`, certainty: 'certain'});
  if (typeof engine === 'string' && /^(npm|pnpm|yarn|bun)$/.test(engine)) facts.push({kind: 'package-manager', value: engine, file, seen: 'devEngines.packageManager', certainty: 'certain'});
  for (const [name, value] of Object.entries(lockFiles)) {
    if (folder.has(name)) facts.push({kind: 'package-manager', value, file: folder.at(name), seen: 'its lock file', certainty: 'likely'});
  }
  const names = [...new Set(facts.map((fact) => fact.value))];
  return names.length < 2 ? facts : [...facts, {kind: 'warning', value: `several package managers: ${names.join(', ')}`, file, seen: 'lock files and fields that do not agree', certainty: 'certain'}];
}

/** Node's own runner needs no dependency and no script: only its imports tell of it. A script that starts a runner says more. */
async function importedRunner(folder: Folder, scripts: Readonly<Record<string, unknown>>): Promise<readonly Fact[]> {
  const line = Object.hasOwn(scripts, 'test') ? scripts['test'] : undefined;
  if (typeof line === 'string' && runnerOfScript(line) !== undefined) return [];
  const found = await findNodeTestFile(folder);
  return found === undefined ? [] : nodeTestFacts(folder, found);
}

/** Whether a script starts nothing that could test: `npm init` writes one that only says that there is none. */
function doesNothing(line: string): boolean {
  return line.split(/&&|\|\||;/).every((part) => /^\s*(?:echo(?:\s|$)|printf\s|true\s*$|:\s*$|exit(?:\s|$)|$)/.test(part));
}

interface ScriptPlace {
  readonly file: string;
  readonly manager: string;
  /** Test files import a runner that the test script does not start by its name: then the script is less sure. */
  readonly seenImport: boolean;
}

function scriptFacts(scripts: Readonly<Record<string, unknown>>, {file, manager, seenImport}: ScriptPlace): readonly Fact[] {
  return Object.entries(scripts).flatMap(([name, line]): readonly Fact[] => {
    if (typeof line !== 'string') return [];
    const kind: FactKind | undefined = /^test(?::[\w:-]{1,40})?$/.test(name) ? 'test-command' : /^build$/.test(name) ? 'build-command' : undefined;
    if (kind === undefined) return [];
    const argv = name === 'test' && manager !== 'bun' ? [manager, 'test'] : [manager, 'run', name];
    const seen = `script ${name}: ${line.slice(0, 120)}`;
    const runner = kind === 'test-command' ? runnerOfScript(line) : undefined;
    if (kind === 'test-command' && doesNothing(line)) return [{kind: 'warning', value: `\`${argv.join(' ')}\` tests nothing`, file, seen, certainty: 'likely'}];
    const isSure = name === 'build' || (name === 'test' && (runner !== undefined || !seenImport));
    return [
      {kind, value: argv.join(' '), argv, file, seen, certainty: isSure ? 'certain' : 'likely'},
      ...(runner === undefined ? [] : [{kind: 'runner', value: runner, file, seen, certainty: 'certain'} satisfies Fact]),
      ...(kind === 'test-command' && watches(line) ? [{kind: 'warning', value: `\`${argv.join(' ')}\` watches and never ends`, file, seen, certainty: 'likely'} satisfies Fact] : []),
    ];
  });
}

function watches(line: string): boolean {
  return /\s--(?:watch|watchAll|ui)(?![\w-]|=false)/.test(line) || /\bvitest\s+(?:watch|dev)\b/.test(line);
}

function engineFacts(json: Readonly<Record<string, unknown>>, file: string): readonly Fact[] {
  const version = member(json['engines'], 'node');
  return typeof version === 'string' ? [{kind: 'version', value: `node ${version.slice(0, 60)}`, file, seen: 'engines.node', certainty: 'certain'}] : [];
}
