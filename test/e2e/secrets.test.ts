import {execFile} from 'node:child_process';
import {readdir, readFile} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, test} from 'vitest';
import type {Report} from '../../src/core/report.js';
import {bulkhead, engineLeftovers, runFlags, startBulkhead, startProject, subtractManifest, untilJournal, type Ended, type Project} from './fixture.js';

const execute = promisify(execFile);
/** With characters that JSON, URLs and base64url spell differently. */
const canary = 'cN4ry/7f+Zq"9x k2w8=Ty5';
const key = 'k3y-0f-th3-m0d3l-4nd-n0b0dy-3ls3';
const env = {CANARY_TOKEN: canary, ANTHROPIC_API_KEY: key};
/** Printed by the same commands in the open: what does not find this finds nothing. */
const open = 'printed-in-the-open';
const delivered = 'delivered-in-the-open';

const halves = (of: string): readonly [string, string] => [of.slice(0, 11), of.slice(11)];
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
/** Puts a value together from its halves, so that no script and no command holds it. */
const assemble = (name: string, of: string): string => `${halves(of).map((half, index) => `${name}${index}=${quoted(half)}`).join('; ')}; ${name}="$${name}0$${name}1"`;

const printing = [
  `${assemble('a', canary)}; ${assemble('b', key)}`,
  'for s in "$a" "$b"; do echo "whole $s"; echo "stderr $s" >&2',
  'half=${s%????????????}; printf "%s" "$half"; sleep 0.3; printf "%s\\n" "${s#"$half"}"',
  'for before in "" x xy; do printf "%s%s" "$before" "$s" | base64 -w 0; echo; printf "%s%s%s" "$before" "$s" "$s" | base64 -w 16; done',
  'printf "%s" "$s" | od -An -tx1 | tr -d " \\n"; echo',
  'S="$s" node -e "const s = process.env.S; console.log(JSON.stringify({s, again: JSON.stringify({s})}), encodeURIComponent(s), encodeURI(s), Buffer.from(s).toString(\'base64url\'))"; done',
  `echo ${open}; exit 3`,
].join('\n');

/** Prints secrets of its own making in its name, its output and its failure. */
function testFile(fails: boolean): string {
  const made = [canary, key].map((one) => JSON.stringify(halves(one)));
  return [
    `// ${delivered}`,
    "import test from 'node:test';",
    "import assert from 'node:assert/strict';",
    "import {subtract} from '../src/subtract.js';",
    `const secrets = [${made.join(', ')}].map((halves) => halves.join(''));`,
    'for (const secret of secrets) {',
    "  console.log(secret, Buffer.from('x' + secret).toString('base64'), encodeURIComponent(secret));",
    '  console.error(JSON.stringify({secret}));',
    '  test(`subtracts ${secret}`, () => assert.equal(subtract(5, 3), 2));',
    `  test('keeps it from ' + Buffer.from(secret).toString('hex'), () => assert.ok(${fails ? 'false' : 'true'}, 'it is ' + secret));`,
    '}',
    '',
  ].join('\n');
}

const turn = (text: string, ...tools: readonly unknown[]): unknown => ({text, tools});
const write = (path: string, text: string): unknown => ({edit: {command: 'create', path, file_text: text}});
const traffic = JSON.stringify({
  schemaVersion: 1,
  specialists: {
    implementation: {
      turns: [
        turn('I look around.', {bash: {command: printing}}),
        turn(`The script itself says ${canary}.`, {bash: {command: `echo ${quoted(canary)} > /tmp/said; cat /tmp/said`}}),
        turn('I write.', write('src/subtract.js', 'export const subtract = (a, b) => a - b;\n'), {bash: {command: 'sleep 1'}}, {submit: {summary: `done, with ${key}`}}),
      ],
      repair: [turn('It is right.', {submit: {summary: 'nothing to do'}})],
    },
    test: {
      turns: [turn('I write.', write('test/subtract.test.js', testFile(true)), {bash: {command: 'cp /box/workspace/test/subtract.test.js /box/workspace/src/subtract.js; node --test; rm src/subtract.js; exit 1'}}, {submit: {summary: 'wrote it'}})],
      repair: [turn('I mend.', write('test/subtract.test.js', testFile(false)), {submit: {summary: 'mended it'}})],
    },
  },
});

/** A secret in every form in which it was printed, made without the code under test. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before, 'x'), bytes]).toString('base64');
    return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6));
  });
  const url = [encodeURIComponent(secret), encodeURI(secret)];
  const json = JSON.stringify(secret).slice(1, -1);
  const more = [...base64, ...base64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_')), ...url, ...url.map((one) => one.replace(/%../g, (pair) => pair.toLowerCase()))];
  return [...new Set([secret, json, JSON.stringify(json).slice(1, -1), bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...more])];
}

interface Left {
  readonly name: string;
  readonly text: string;
}

/** Everything that is left of a run: each file of the state and the checkout, the content of each git object, what was printed. */
async function leftBy(project: Project, printed: readonly Ended[]): Promise<readonly Left[]> {
  const left: Left[] = printed.flatMap(({stdout, stderr}, index) => [{name: `stdout ${index}`, text: stdout}, {name: `stderr ${index}`, text: stderr}]);
  for (const folder of [join(project.home, 'state'), project.directory]) {
    for (const entry of await readdir(folder, {recursive: true, withFileTypes: true})) {
      const path = join(entry.parentPath, entry.name);
      left.push({name: 'a file name', text: entry.name});
      if (entry.isFile()) left.push({name: relative(project.home, path), text: (await readFile(path)).toString('latin1')});
      if (entry.isDirectory() && /(?:^|\/)(?:\.git|repository\.git)$/.test(path)) left.push({name: `objects of ${relative(project.home, path)}`, text: await objectsOf(path)});
    }
  }
  return left;
}

async function objectsOf(repository: string): Promise<string> {
  const {stdout} = await execute('git', ['--git-dir', repository, 'cat-file', '--batch-all-objects', '--batch'], {encoding: 'latin1', maxBuffer: 64 * 1024 * 1024});
  return stdout;
}

/** Where a string stands, also over line ends as they are and as JSON has them. */
function placesOf(wanted: string, left: readonly Left[]): readonly string[] {
  return left.filter(({text}) => text.includes(wanted) || text.replace(/\\+[nr]|\s/g, '').includes(wanted.replace(/\s/g, ''))).map(({name}) => name);
}

function expectNoSecret(left: readonly Left[]): void {
  for (const form of [canary, key].flatMap(formsOf)) expect([form, placesOf(form, left)]).toEqual([form, []]);
}

describe('a secret of the environment', () => {
  test('that tools, tests, models and scripts print in every form is in no file that a run leaves, also after a kill', async () => {
    await using project = await startProject();
    const running = startBulkhead(project, [...(await runFlags(project, {traffic})), '--from', 'tasks.md#1', '--json'], {env});
    await untilJournal(project, (text) => text.includes('"step.started","step":"tool/implementation/3/1"'));
    running.kill('SIGKILL');
    const killed = await running.ended;
    expectNoSecret(await leftBy(project, [killed]));
    const ended = await bulkhead(project, ['resume', '--json'], {env});
    const report = JSON.parse(ended.stdout) as Report;
    expect([ended.exitCode, report.verdict, report.rounds.map((round) => round.verdict)]).toEqual([0, 'verified', ['blocked', 'verified']]);
    expect((await engineLeftovers()).filter((name) => name.includes(report.runId ?? ''))).toEqual([]);
    const left = await leftBy(project, [killed, ended]);
    expectNoSecret(left);
    // The same search finds what was printed beside the secrets, what was delivered, and the marks in their places.
    expect(placesOf(open, left)).toContainEqual(expect.stringMatching(/journal\.ndjson$|outputs\//));
    expect(placesOf(delivered, left)).toEqual(expect.arrayContaining([expect.stringMatching(/^objects of state\/.*repository\.git$/), 'objects of project/.git']));
    for (const name of Object.keys(env)) {
      // Markdown has its brackets and its underscores escaped.
      const marked = [...placesOf(`[secret ${name}]`, left), ...placesOf(`\\[secret ${name.replaceAll('_', '\\_')}\\]`, left)];
      for (const file of [/journal\.ndjson$/, /traffic\.yml$/, /report\.json$/, /report\.md$/, /^objects of project\/\.git$/]) expect(marked).toContainEqual(expect.stringMatching(file));
    }
  }, 240_000);

  test('is not taken as a part of a task or a manifest, and the refusal names the variable and not the value', async () => {
    await using project = await startProject();
    const flags = await runFlags(project, {manifest: subtractManifest.replace('contains: subtract', `contains: ${JSON.stringify(canary)}`)});
    const manifest = await bulkhead(project, flags, {env});
    const task = await bulkhead(project, [...(await runFlags(project)), `Use ${key}`], {env});
    expect([manifest.exitCode, task.exitCode]).toEqual([2, 2]);
    expect(manifest.stderr).toMatch(/^MANIFEST_INVALID: .*CANARY_TOKEN/m);
    expect(task.stderr).toMatch(/^USAGE: .*ANTHROPIC_API_KEY/m);
    expect(await readdir(join(project.home, 'state')).catch(() => [])).toEqual([]);
    expectNoSecret([manifest, task].map(({stdout, stderr}) => ({name: 'printed', text: stdout + stderr})));
  });
});
