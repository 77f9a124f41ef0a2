import type {Fact} from './fact.js';
import type {Folder} from './files.js';

/** Folders in which test files of a package lie, besides its own; one level of folders below each is looked at too. */
const places = ['test', 'tests', '__tests__', 'spec', 'src', 'lib'];
/** Most folders and most files that are looked at for an import; one file that imports it is enough. */
const maxFolders = 24;
const maxFiles = 20;

const testFile = /(?:^|\/)(?:[^/]{1,200}[._-](?:test|spec)|test[_-][^/]{1,200}|test|tests)\.[cm]?[jt]sx?$/i;
/** In `test/` every script is a test to `node --test`, whatever its name. */
const inTestFolder = /(?:^|\/)test\/(?:[^/]{1,200}\/){0,3}[^/]{1,200}\.[cm]?js$/;
/** Files that `node --test` finds by itself, of those above (Node 20, "Running tests from the command line"). */
const foundByItself = /(?:^|\/)(?:[^/]{1,200}[._-]test|test-[^/]{1,200}|test)\.[cm]?js$/;

const importsIt = /(?:\bfrom\s{0,20}|\bimport\s{0,20}\(?\s{0,20}|\brequire\s{0,20}\(\s{0,20})["']node:test["']/;

/** A test file that imports `node:test`, and whether `node --test` finds it without being told where. */
export interface NodeTestFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly foundByItself: boolean;
}

/** The first test file of a package that imports `node:test`, best one that `node --test` finds by itself; undefined when none was seen among the first files. */
export async function findNodeTestFile(folder: Folder): Promise<NodeTestFile | undefined> {
  const files = (await testFiles(folder)).map((path): NodeTestFile => ({path, foundByItself: foundByItself.test(path) || inTestFolder.test(path)}));
  const ordered = [...files.filter((file) => file.foundByItself), ...files.filter((file) => !file.foundByItself)].slice(0, maxFiles);
  for (const file of ordered) {
    const text = await folder.read(file.path);
    if (text !== undefined && importsIt.test(text)) return file;
  }
  return undefined;
}

/** What a test file that imports `node:test` says: the runner, and where it finds its files by itself the command. */
export function nodeTestFacts(folder: Folder, {path, foundByItself: found}: NodeTestFile): readonly Fact[] {
  const file = folder.at(path);
  const seen = 'it imports node:test';
  const runner: Fact = {kind: 'runner', value: 'node', file, seen, certainty: 'likely'};
  if (!found) return [runner];
  return [runner, {kind: 'test-command', value: 'node --test', argv: ['node', '--test'], file, seen, certainty: 'likely'}];
}

async function testFiles(folder: Folder): Promise<readonly string[]> {
  const found = folder.files((name) => testFile.test(name)).slice();
  const waiting = folder.folders().filter((name) => places.includes(name));
  for (let at = 0; at < waiting.length && at < maxFolders; at += 1) {
    const path = waiting[at] ?? '';
    for (const {name, kind} of await folder.list(path)) {
      const inner = `${path}/${name}`;
      if (kind === 'file' && (testFile.test(inner) || inTestFolder.test(inner))) found.push(inner);
      if (kind === 'folder' && !path.includes('/') && name !== 'node_modules' && name !== 'fixtures') waiting.push(inner);
    }
  }
  return found;
}
