import {isYamlProblem, parseYaml} from '../yaml-text.js';
import type {Fact, FileProblem} from './fact.js';
import type {Folder} from './files.js';

/** CI files at the root or in a folder of it; workflows of GitHub are found by listing their folder. */
const ciFiles = ['.gitlab-ci.yml', '.travis.yml', 'azure-pipelines.yml', 'bitbucket-pipelines.yml', '.circleci/config.yml', '.buildkite/pipeline.yml'];
/** Keys under which CI files keep shell lines. */
const shellKeys = new Set(['run', 'script', 'before_script', 'command', 'commands', 'bash', 'install']);
/** Most workflows, and most lines of one file, that are shown as hints. */
const maxWorkflows = 20;
const maxLines = 10;

const testLine = /\b(?:test|tests|pytest|tox|nox|unittest|vitest|jest|mocha|ava|rspec|phpunit)\b/i;

/** Shell lines of CI files that look as if they ran tests: hints for a person, never taken as the test command. */
export async function ciFacts(root: Folder, problems: FileProblem[]): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (const file of [...(await workflows(root)), ...ciFiles.filter((name) => root.has(name) || root.folders().includes(name.split('/')[0] ?? ''))]) {
    const text = await root.read(file);
    if (text === undefined) continue;
    const yaml = parseYaml(text);
    if (isYamlProblem(yaml)) {
      problems.push({file, problem: 'is not valid YAML'});
      continue;
    }
    const lines = [...new Set(shellLines(yaml.value))].filter((line) => testLine.test(line)).slice(0, maxLines);
    facts.push(...lines.map((line): Fact => ({kind: 'ci', value: line.slice(0, 200), file, seen: 'a shell line', certainty: 'guess'})));
  }
  for (const file of root.files((name) => name === 'Jenkinsfile')) facts.push({kind: 'ci', value: 'Jenkins', file, seen: 'a Jenkinsfile', certainty: 'guess'});
  return facts;
}

async function workflows(root: Folder): Promise<readonly string[]> {
  if (!root.folders().includes('.github')) return [];
  const entries = await root.list('.github/workflows');
  return entries.filter((entry) => entry.kind === 'file' && /\.ya?ml$/.test(entry.name)).map((entry) => `.github/workflows/${entry.name}`).slice(0, maxWorkflows);
}

/** Every text below a key that holds shell lines, line by line. */
function shellLines(value: unknown, isShell = false): readonly string[] {
  if (typeof value === 'string') return isShell ? value.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')) : [];
  if (Array.isArray(value)) return value.flatMap((entry) => shellLines(entry, isShell));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => shellLines(child, shellKeys.has(key)));
}
