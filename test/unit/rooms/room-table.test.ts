import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');

/** A tree like src/, in which every room has a file, an allowed import is there, and one forbidden import is planted. */
let folder: string;
const rooms = ['core', 'code', 'project', 'context', 'git', 'sandbox', 'agents', 'verify', 'record', 'run', 'cli'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rooms-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'tsconfig.json'), '{"compilerOptions": {"module": "nodenext"}, "include": ["src"]}');
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  for (const room of rooms) await put(`src/${room}/thing.ts`, `export const ${room} = 1;\n`);
  await put('src/git/allowed.ts', "import {core} from '../core/thing.js';\nexport const allowed = core;\n");
});

afterAll(async () => {
  await rm(folder, {recursive: true, force: true});
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), {recursive: true});
  await writeFile(join(folder, path), text);
}

interface Seen {
  /** `file rule` of each violation. */
  readonly violations: readonly string[];
  readonly modules: number;
}

async function cruise(): Promise<Seen> {
  const bin = join(root, 'node_modules/.bin/depcruise');
  const {stdout} = await run(bin, ['--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src'], {cwd: folder}).catch((error: unknown) => error as {stdout: string});
  const result = JSON.parse(stdout) as {summary: {violations: {from: string; rule: {name: string}}[]; totalCruised: number}};
  return {violations: result.summary.violations.map(({from, rule}) => `${from} ${rule.name}`), modules: result.summary.totalCruised};
}

const planted: readonly (readonly [string, string, string, string])[] = [
  ['core importing a room', 'src/core/bad.ts', "import {git} from '../git/thing.js';\nexport const bad = git;\n", 'room-core'],
  ['verify importing agents', 'src/verify/bad.ts', "import {agents} from '../agents/thing.js';\nexport const bad = agents;\n", 'room-verify'],
  ['verify importing git', 'src/verify/bad.ts', "import {git} from '../git/thing.js';\nexport const bad = git;\n", 'room-verify'],
  ['git importing sandbox', 'src/git/bad.ts', "import {sandbox} from '../sandbox/thing.js';\nexport const bad = sandbox;\n", 'room-git'],
  ['sandbox importing git', 'src/sandbox/bad.ts', "import {git} from '../git/thing.js';\nexport const bad = git;\n", 'room-sandbox'],
  ['agents importing run', 'src/agents/bad.ts', "import {run} from '../run/thing.js';\nexport const bad = run;\n", 'room-agents'],
  ['record importing verify', 'src/record/bad.ts', "import {verify} from '../verify/thing.js';\nexport const bad = verify;\n", 'room-record'],
  ['project importing code', 'src/project/bad.ts', "import {code} from '../code/thing.js';\nexport const bad = code;\n", 'room-project'],
  ['code importing context', 'src/code/bad.ts', "import {context} from '../context/thing.js';\nexport const bad = context;\n", 'room-code'],
  ['context importing project', 'src/context/bad.ts', "import {project} from '../project/thing.js';\nexport const bad = project;\n", 'room-context'],
  ['run importing cli', 'src/run/bad.ts', "import {cli} from '../cli/thing.js';\nexport const bad = cli;\n", 'room-run'],
  ['a type alone across a closed border', 'src/git/bad.ts', "import type {agents} from '../agents/thing.js';\nexport type Bad = typeof agents;\n", 'room-git'],
  ['core doing I/O', 'src/core/bad.ts', "import {readFileSync} from 'node:fs';\nexport const bad = readFileSync;\n", 'core-is-pure'],
  ['dockerode outside its folder', 'src/sandbox/bad.ts', "import Docker from 'dockerode';\nexport const bad = Docker;\n", 'only-sandbox-docker-speaks-dockerode'],
  ['the SDK outside agents', 'src/run/bad.ts', "import Anthropic from '@anthropic-ai/sdk';\nexport const bad = Anthropic;\n", 'only-agents-speaks-to-models'],
  ['the command frame outside cli', 'src/run/bad.ts', "import {Command} from '@oclif/core';\nexport const bad = Command;\n", 'only-cli-uses-oclif'],
  ['spawning outside git and sandbox', 'src/record/bad.ts', "import {spawn} from 'node:child_process';\nexport const bad = spawn;\n", 'only-two-rooms-spawn'],
  ['a third file of git that spawns', 'src/git/bad.ts', "import {execa} from 'execa';\nexport const bad = execa;\n", 'only-two-rooms-spawn'],
  ['a child process in a door that is none', 'src/git/door/bad.ts', "import {spawn} from 'node:child_process';\nexport const bad = spawn;\n", 'only-two-rooms-spawn'],
  ['execa outside git and sandbox', 'src/cli/bad.ts', "import {execa} from 'execa';\nexport const bad = execa;\n", 'only-two-rooms-spawn'],
  ['run naming a real adapter', 'src/run/bad.ts', "import {git} from '../git/thing.js';\nexport const bad = git;\n", 'run-sees-rooms-by-interface'],
  ['a command naming a real adapter', 'src/cli/bad.ts', "import {sandbox} from '../sandbox/thing.js';\nexport const bad = sandbox;\n", 'only-wire-names-adapters'],
  ['a file outside every room', 'src/stray/bad.ts', "export const bad = 1;\n", 'every-file-has-a-room'],
  ['an import of nothing', 'src/core/bad.ts', "import {gone} from './gone.js';\nexport const bad = gone;\n", 'no-unresolvable'],
];

/** Each planted file has a name of its own, so that one look at the tree judges them all. */
const pathOf = (path: string, index: number): string => path.replace('/bad.ts', `/bad-${index}.ts`);

describe('the room table is a machine rule', () => {
  let before: Seen;
  let after: Seen;
  beforeAll(async () => {
    before = await cruise();
    for (const [index, [, path, text]] of planted.entries()) {
      await put(pathOf(path, index), text);
      // A stray file must be imported to be an edge; an orphan is caught by the dead-code check.
      if (path.startsWith('src/stray/')) await put(`src/core/bad-${index}.ts`, `import {bad} from '../stray/bad-${index}.js';\nexport const used = bad;\n`);
    }
    await put('src/record/cycle-a.ts', "import {b} from './cycle-b.js';\nexport const a = (): unknown => b;\n");
    await put('src/record/cycle-b.ts', "import {a} from './cycle-a.js';\nexport const b = (): unknown => a;\n");
    after = await cruise();
  });

  test('honest twin: the allowed imports pass, and modules were seen', () => {
    expect(before.violations).toEqual([]);
    expect(before.modules).toBeGreaterThan(rooms.length);
  });

  test('a circle of imports is caught', () => {
    expect(after.violations.some((violation) => /^src\/record\/cycle-[ab]\.ts no-cycles$/.test(violation))).toBe(true);
  });

  test.each(planted.map(([name, path, , rule], index) => ({name, path, rule, index})))('$name is caught', ({path, rule, index}) => {
    expect(after.violations).toContain(`${pathOf(path, index).replace('src/stray', 'src/core')} ${rule}`);
  });
});
