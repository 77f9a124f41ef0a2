import {isYamlProblem, parseYaml} from '../yaml-text.js';
import type {Fact, FileProblem} from './fact.js';
import {mapOf, member, parseObject, type Folder} from './files.js';
import {plainJson} from './json-with-comments.js';
import {sectionsOf} from './sections.js';

/** Files that hold one version and nothing else. */
const versionFiles: Readonly<Record<string, string>> = {'.nvmrc': 'node', '.node-version': 'node', '.python-version': 'python', '.ruby-version': 'ruby', '.go-version': 'go', '.java-version': 'java', 'rust-toolchain': 'rust'};

/** In what a project is developed: version files, Dockerfile, compose file, devcontainer.json. Nothing of them is run. */
export async function environmentFacts(root: Folder, problems: FileProblem[]): Promise<readonly Fact[]> {
  return [...(await versionFacts(root)), ...(await dockerFacts(root)), ...(await composeFacts(root, problems)), ...(await devcontainerFacts(root, problems))];
}

async function versionFacts(root: Folder): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (const [file, tool] of Object.entries(versionFiles)) {
    const version = firstLine(await root.read(file));
    if (version !== undefined) facts.push({kind: 'version', value: `${tool} ${version}`, file, seen: 'a version file', certainty: 'certain'});
  }
  for (const line of ((await root.read('.tool-versions')) ?? '').split('\n').slice(0, 50)) {
    const [tool = '', version = ''] = line.split('#')[0]?.trim().split(/\s+/) ?? [];
    if (/^[\w.-]{1,40}$/.test(tool) && version !== '') facts.push({kind: 'version', value: `${tool === 'nodejs' ? 'node' : tool} ${version.slice(0, 40)}`, file: '.tool-versions', seen: 'a version file', certainty: 'certain'});
  }
  const mise = root.has('mise.toml') ? 'mise.toml' : '.mise.toml';
  for (const line of (sectionsOf((await root.read(mise)) ?? '').get('tools') ?? '').split('\n').slice(0, 50)) {
    const found = /^\s*"?([\w.-]{1,40})"?\s*=\s*"([^"]{1,40})"/.exec(line);
    if (found !== null) facts.push({kind: 'version', value: `${found[1] ?? ''} ${found[2] ?? ''}`, file: mise, seen: '[tools]', certainty: 'certain'});
  }
  return facts;
}

function firstLine(text: string | undefined): string | undefined {
  const line = text?.split('\n').map((each) => each.trim()).find((each) => each !== '' && !each.startsWith('#'));
  return line === undefined ? undefined : line.slice(0, 60);
}

/** The image of the last stage is the one that the project runs in. */
async function dockerFacts(root: Folder): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (const file of root.files((name) => /^(?:Docker|Container)file(?:\.[\w-]{1,40})?$/.test(name)).slice(0, 10)) {
    const from = [...((await root.read(file)) ?? '').matchAll(/^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?(\S+)/gim)].map((match) => match[1] ?? '');
    const last = from.at(-1);
    if (last !== undefined) facts.push({kind: 'container', value: last.slice(0, 120), file, seen: `FROM, ${from.length === 1 ? 'one stage' : `the last of ${from.length} stages`}`, certainty: 'likely'});
  }
  return facts;
}

async function composeFacts(root: Folder, problems: FileProblem[]): Promise<readonly Fact[]> {
  const [file] = root.files((name) => /^(?:docker-)?compose\.ya?ml$/.test(name));
  const text = file === undefined ? undefined : await root.read(file);
  if (file === undefined || text === undefined) return [];
  const yaml = parseYaml(text);
  if (isYamlProblem(yaml)) {
    problems.push({file, problem: 'is not valid YAML'});
    return [];
  }
  return Object.entries(mapOf(member(yaml.value, 'services')))
    .slice(0, 30)
    .map(([name, service]): Fact => {
      const image = member(service, 'image');
      return {kind: 'container', value: typeof image === 'string' ? image.slice(0, 120) : `service ${name.slice(0, 60)}`, file, seen: `the service ${name.slice(0, 60)}`, certainty: 'guess'};
    });
}

async function devcontainerFacts(root: Folder, problems: FileProblem[]): Promise<readonly Fact[]> {
  const places = ['.devcontainer.json', ...(root.folders().includes('.devcontainer') ? ['.devcontainer/devcontainer.json'] : [])];
  const facts: Fact[] = [];
  for (const file of places) {
    const text = await root.read(file);
    const json = text === undefined ? undefined : parseObject(plainJson(text), {file, problems});
    if (json === undefined) continue;
    const image = json['image'];
    if (typeof image === 'string') facts.push({kind: 'container', value: image.slice(0, 120), file, seen: 'image', certainty: 'likely'});
    const dockerfile = member(json['build'], 'dockerfile') ?? json['dockerFile'];
    if (typeof dockerfile === 'string') facts.push({kind: 'container', value: dockerfile.slice(0, 120), file, seen: 'build.dockerfile', certainty: 'likely'});
    for (const name of Object.keys(mapOf(json['features'])).slice(0, 20)) facts.push({kind: 'container', value: name.slice(0, 120), file, seen: 'features', certainty: 'guess'});
  }
  return facts;
}
