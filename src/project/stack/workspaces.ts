import {repoPathProblem} from '../../core/path.js';
import {isYamlProblem, parseYaml} from '../yaml-text.js';
import type {Fact, FileProblem} from './fact.js';
import {member, parseObject, textsOf, type Folder} from './files.js';
import {sectionsOf} from './sections.js';

/** Most members of a workspace that are looked at. */
const maxMembers = 60;

/** The members of workspaces (npm, yarn, bun, pnpm, lerna, uv, cargo is left to cargo) that are folders here. */
export async function workspaceFacts(root: Folder, problems: FileProblem[]): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (const {file, globs, needs} of await declared(root, problems)) {
    const left = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
    for (const glob of globs.filter((each) => !each.startsWith('!'))) {
      for (const path of await expand(root, glob)) {
        const isMember = !left.includes(path) && !facts.some((fact) => fact.value === path) && (await root.list(path)).some((entry) => entry.name === needs && entry.kind === 'file');
        if (isMember && facts.length < maxMembers) facts.push({kind: 'workspace', value: path, file, seen: `the pattern ${glob.slice(0, 80)}`, certainty: 'certain'});
      }
    }
  }
  return facts;
}

interface Declared {
  readonly file: string;
  readonly globs: readonly string[];
  /** The file that makes a folder a member. */
  readonly needs: string;
}

async function declared(root: Folder, problems: FileProblem[]): Promise<readonly Declared[]> {
  const found: Declared[] = [];
  for (const file of ['package.json', 'lerna.json']) {
    const text = await root.read(file);
    const json = text === undefined ? undefined : parseObject(text, {file, problems: file === 'package.json' ? [] : problems});
    const field = file === 'package.json' ? json?.['workspaces'] : json?.['packages'];
    found.push({file, globs: [...textsOf(field), ...textsOf(member(field, 'packages'))], needs: 'package.json'});
  }
  const pnpm = await root.read('pnpm-workspace.yaml');
  if (pnpm !== undefined) {
    const yaml = parseYaml(pnpm);
    if (isYamlProblem(yaml)) problems.push({file: 'pnpm-workspace.yaml', problem: 'is not valid YAML'});
    else found.push({file: 'pnpm-workspace.yaml', globs: textsOf(member(yaml.value, 'packages')), needs: 'package.json'});
  }
  const members = sectionsOf((await root.read('pyproject.toml')) ?? '').get('tool.uv.workspace') ?? '';
  found.push({file: 'pyproject.toml', globs: [...(/members\s*=\s*\[([^\]]{0,4000})\]/.exec(members)?.[1] ?? '').matchAll(/["']([^"'\n]{1,200})["']/g)].map((match) => match[1] ?? ''), needs: 'pyproject.toml'});
  return found;
}

/** A pattern as folders: a literal path, or `folder/*` and `folder/**` one level deep; other patterns are not expanded. */
async function expand(root: Folder, pattern: string): Promise<readonly string[]> {
  const glob = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
  const star = /^(?:(.*)\/)?\*\*?$/.exec(glob);
  if (star === null) return /[*?[\]{}!]/.test(glob) || repoPathProblem(glob) !== undefined ? [] : [glob];
  const folder = star[1] ?? '';
  if (/[*?[\]{}!]/.test(folder) || (folder !== '' && repoPathProblem(folder) !== undefined)) return [];
  const entries = folder === '' ? root.folders().map((name) => ({name, kind: 'folder'})) : await root.list(folder);
  return entries.filter((entry) => entry.kind === 'folder' && entry.name !== 'node_modules').map((entry) => (folder === '' ? entry.name : `${folder}/${entry.name}`)).slice(0, maxMembers);
}
