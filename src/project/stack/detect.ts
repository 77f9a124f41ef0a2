import {ciFacts} from './ci.js';
import {environmentFacts} from './environment.js';
import type {Fact, FactKind, FileProblem, Stack} from './fact.js';
import {openFolder, type Folder} from './files.js';
import type {FileLookup} from './lookup.js';
import {nodeFacts} from './node.js';
import {otherFacts} from './others.js';
import {pythonFacts} from './python.js';
import {workspaceFacts} from './workspaces.js';

/** Folders that hold projects of their own side by side. */
const holdsProjects = /^(?:packages|apps|services|libs|modules|projects|plugins)$/;

/** Most folders below the root that are looked into for a project of their own. */
const maxNested = 40;
/** Folders that hold other people's code, or no project. */
const notProjects = /^(?:\.|node_modules$|vendor$|venv$|dist$|build$|out$|target$|coverage$|docs?$|tests?$|spec$|fixtures?$|examples?$)/;

/** What is always said when it is not seen. */
const wanted: readonly FactKind[] = ['language', 'package-manager', 'runner', 'test-command', 'build-command', 'version', 'container', 'ci'];

/**
 * Says what is in a project by its files: the root, the members of its workspaces, and projects one folder down, or two
 * where the first is one of those that hold several. Every
 * fact names its file and how sure it is; what was not seen is in `missing`. Reads a bounded number of files of bounded
 * size, runs nothing, and takes no text for more than data.
 */
export async function detectStack(lookup: FileLookup): Promise<Stack> {
  const problems: FileProblem[] = [];
  const root = await openFolder(lookup, '', problems);
  const own = await projectFacts(root, problems);
  const workspaces = await workspaceFacts(root, problems);
  const manager = own.find((fact) => fact.kind === 'package-manager')?.value;
  const below: Fact[] = [];
  for (const path of await nestedFolders(root, workspaces)) below.push(...(await projectFacts(await openFolder(lookup, path, problems), problems, manager)));
  const facts = distinct([...own, ...workspaces, ...(await environmentFacts(root, problems)), ...(await ciFacts(root, problems)), ...below]);
  return {facts, missing: wanted.filter((kind) => !facts.some((fact) => fact.kind === kind)), problems: distinctProblems(problems)};
}

async function projectFacts(folder: Folder, problems: FileProblem[], inherited?: string): Promise<readonly Fact[]> {
  const facts = [...(await nodeFacts(folder, problems, inherited)), ...(await pythonFacts(folder)), ...(await otherFacts(folder))];
  return folder.path === '' ? facts : facts.map((fact) => ({...fact, folder: folder.path}));
}

async function nestedFolders(root: Folder, workspaces: readonly Fact[]): Promise<readonly string[]> {
  const members = workspaces.map((fact) => fact.value);
  const others: string[] = [];
  for (const name of root.folders().filter((each) => !notProjects.test(each))) {
    others.push(name);
    if (!holdsProjects.test(name)) continue;
    const entries = await root.list(name);
    others.push(...entries.filter((entry) => entry.kind === 'folder' && !notProjects.test(entry.name)).map((entry) => `${name}/${entry.name}`));
  }
  return [...members, ...others.filter((path) => !members.includes(path)).slice(0, maxNested)];
}

/** The same thing seen twice in one file is said once, as sure as it is. */
function distinct(facts: readonly Fact[]): readonly Fact[] {
  const rank = {certain: 0, likely: 1, guess: 2} as const;
  const best = new Map<string, Fact>();
  for (const fact of facts) {
    const name = `${fact.kind}\0${fact.value}\0${fact.file}`;
    const other = best.get(name);
    if (other === undefined || rank[fact.certainty] < rank[other.certainty]) best.set(name, fact);
  }
  return [...best.values()];
}

function distinctProblems(problems: readonly FileProblem[]): readonly FileProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.file}\0${problem.problem}`, problem])).values()];
}
