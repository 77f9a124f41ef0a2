import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {ScriptedTurn, TrafficScript} from '../../../src/agents/traffic/script.js';
import type {Project} from '../../e2e/fixture.js';

/**
 * A small real project whose task needs everything that a crash can hit: three specialists, two of which change the same
 * line, so that the later one reworks its submission; and a first verification that blocks, so that there is a repair.
 */
export const projectFiles: Readonly<Record<string, string>> = {
  'package.json': '{"name": "sums", "type": "module", "scripts": {"test": "node --test"}}\n',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'src/names.js': "export const names = ['add'];\n",
  'test/add.test.js': testOf('add', 'add(2, 3), 5'),
  'tasks.md': '# Spec Tasks\n\n- [ ] 1. Subtract and multiply\n  - [ ] 1.1 Write tests\n  - [ ] 1.2 Write the functions\n\n- [ ] 2. Divide\n',
};

const manifest = `schemaVersion: 1
task: Subtract and multiply two numbers
image: node
files:
  - {path: src/subtract.js, action: create, owner: implementation, must: [{contains: subtract}, {contains: "@returns"}]}
  - {path: src/multiply.js, action: create, owner: quality, must: [{contains: multiply}]}
tests:
  command: [node, --test]
  files:
    - {path: test/subtract.test.js, owner: test, covers: [src/subtract.js]}
    - {path: test/multiply.test.js, owner: test, covers: [src/multiply.js]}
`;

const subtract = 'export const subtract = (a, b) => a - b;\n';
const multiply = 'export const multiply = (a, b) => a * b;\n';

/** What the specialists do, turn by turn; `repair` of `implementation` is the repair, that of `quality` the rework of its conflict. */
export const script: TrafficScript = {
  schemaVersion: 1,
  specialists: {
    implementation: {
      turns: writes({'src/subtract.js': subtract, 'src/names.js': "export const names = ['add', 'subtract'];\n"}),
      repair: writes({'src/subtract.js': `/** @returns {number} the difference */\n${subtract}`}),
    },
    quality: {
      turns: writes({'src/multiply.js': multiply, 'src/names.js': "export const names = ['add', 'multiply'];\n"}),
      repair: writes({'src/multiply.js': multiply, 'src/names.js': "export const names = ['add', 'subtract', 'multiply'];\n"}),
    },
    test: {
      turns: writes({'test/subtract.test.js': testOf('subtract', 'subtract(5, 3), 2'), 'test/multiply.test.js': testOf('multiply', 'multiply(5, 3), 15')}),
      repair: [],
    },
  },
};

/**
 * Two turns that each write all the files: a command whose effect is unknown after a crash is never repeated, and a
 * specialist that is told so would look at its files and write them again. The commands last long enough to be hit.
 */
function writes(files: Readonly<Record<string, string>>): ScriptedTurn[] {
  const [[path, text] = ['', '']] = Object.entries(files);
  const all = Object.entries(files).map(([name, content]) => `mkdir -p "$(dirname ${name})" && cat > ${name} <<'END'\n${content}END\n`);
  const bash = {bash: {command: `sleep 0.2\n${all.join('')}`}};
  const usage = {input: 100, output: 20};
  return [
    {text: 'I write the files.', tools: [{edit: {command: 'create', path, file_text: text}}, bash], usage, delayMs: 20, faults: []},
    {text: 'I look at them again.', tools: [bash, {submit: {summary: `wrote ${Object.keys(files).join(', ')}`}}], usage, delayMs: 20, faults: []},
  ];
}

function testOf(name: string, expectation: string): string {
  return `import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport {${name}} from '../src/${name}.js';\n\ntest('can ${name}', () => {\n  assert.equal(${expectation});\n});\n`;
}

/** Writes the manifest beside a project and gives the command line of the run. */
export async function scenarioArgs(project: Project): Promise<readonly string[]> {
  const file = join(project.home, 'manifest.yml');
  await writeFile(file, manifest);
  return ['run', '--manifest', file, '--from', 'tasks.md#1', '--max-parallel', '3', '--json'];
}
