import {execFileSync} from 'node:child_process';
import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {isAppError, type AppError} from '../../../src/core/errors.js';
import {readConfig, type Config} from '../../../src/project/config.js';
import {configDefaults} from '../../../src/project/config-schema.js';

let root = '';
let userFile = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bulkhead-config-'));
  userFile = join(root, 'user.yml');
});
afterEach(async () => {
  await rm(root, {recursive: true, force: true});
});

interface Files {
  readonly repository?: string;
  readonly user?: string;
}

async function read({repository, user}: Files): Promise<Config> {
  if (repository !== undefined) await writeFile(join(root, 'bulkhead.yml'), repository);
  if (user !== undefined) await writeFile(userFile, user);
  return readConfig({repositoryRoot: root, userConfigFile: userFile, signal: AbortSignal.timeout(20_000)});
}

async function refused(files: Files): Promise<AppError> {
  const error: unknown = await read(files).then(() => undefined, (reason: unknown) => reason);
  if (!isAppError(error)) throw new Error('it was not refused', {cause: error});
  return error;
}

function problemOf(error: AppError): {readonly key: string; readonly line: number; readonly message: string} {
  return (error.details['problems'] as readonly {readonly key: string; readonly line: number; readonly message: string}[])[0]!;
}

describe('what holds', () => {
  test('without any file every value is the documented default', async () => {
    const config = await read({});
    expect(config.image).toEqual({value: 'node', origin: 'default'});
    expect(config.limits).toEqual({
      memoryMiB: {value: 2048, origin: 'default'},
      cpus: {value: 2, origin: 'default'},
      pids: {value: 512, origin: 'default'},
      diskMiB: {value: 8192, origin: 'default'},
      inodes: {value: 250_000, origin: 'default'},
    });
    expect([config.maxParallel.value, config.repairRounds.value, config.maxTurns.value]).toEqual([4, 2, 60]);
    expect(config.model).toEqual({
      name: {value: 'claude-opus-5-5', origin: 'default'},
      baseUrl: {value: undefined, origin: 'default'},
      keyFile: {value: undefined, origin: 'default'},
      maxTokens: {value: 16_000, origin: 'default'},
    });
    expect(Object.keys(config.specialists)).toEqual([]);
  });

  test("the user's value stands above the repository's, and each says where it comes from", async () => {
    const config = await read({
      repository: 'image: python\nlimits: {memoryMiB: 512, pids: 100}\nspecialists:\n  test: {scope: {write: ["t/**"]}}\n  docs: {scope: {write: ["d/**"]}}\n',
      user: 'limits: {memoryMiB: 8192}\nmodel: {baseUrl: "http://127.0.0.1:9/v1", keyFile: /run/key}\nspecialists:\n  test: {scope: {write: ["tests/**"]}}\n',
    });
    expect(config.image).toEqual({value: 'python', origin: 'repository'});
    expect(config.limits.memoryMiB).toEqual({value: 8192, origin: 'user'});
    expect(config.limits.pids).toEqual({value: 100, origin: 'repository'});
    expect(config.specialists['test']).toEqual({value: {scope: {write: ['tests/**']}}, origin: 'user'});
    expect(config.specialists['docs']?.origin).toBe('repository');
    expect(config.model.keyFile).toEqual({value: '/run/key', origin: 'user'});
  });

  test('an empty file, or one of comments, sets nothing', async () => {
    expect((await read({repository: '', user: '# nothing yet\n'})).image.origin).toBe('default');
  });

  test('a specialist is configured only if a file says so, whatever its name', async () => {
    expect((await read({repository: 'specialists: {}\n'})).specialists['constructor']).toBeUndefined();
  });

  test('the user file may be a link, as those who keep their settings in a repository have it', async () => {
    await writeFile(join(root, 'real.yml'), 'maxTurns: 7\n');
    await symlink(join(root, 'real.yml'), userFile);
    expect((await read({})).maxTurns).toEqual({value: 7, origin: 'user'});
  });
});

describe('a repository is a stranger', () => {
  test.each(['engine: tcp://evil:1', 'model: {baseUrl: "http://evil"}', 'maxParallel: 64', 'repairRounds: 9', 'maxTurns: 999', 'runtime: runc', 'requireGvisor: false'])(
    '`%s` is refused by name and line',
    async (line) => {
      const error = await refused({repository: `image: node\n\n${line}\n`});
      expect(error.code).toBe('CONFIG_KEY_NOT_ALLOWED');
      expect(problemOf(error)).toMatchObject({key: line.split(':')[0], line: 3});
      expect(error.details['file']).toBe(join(root, 'bulkhead.yml'));
    },
  );

  test('what is not allowed is said first, whatever else is wrong', async () => {
    expect((await refused({repository: 'imagee: node\nengine: x\n'})).code).toBe('CONFIG_KEY_NOT_ALLOWED');
  });

  test.each(['memoryMiB', 'cpus', 'pids', 'diskMiB', 'inodes'] as const)('the limit `%s` may be narrowed, never widened', async (name) => {
    const most = configDefaults.limits[name];
    expect((await read({repository: `limits: {${name}: ${most}}\n`})).limits[name].origin).toBe('repository');
    const error = await refused({repository: `limits:\n  ${name}: ${most + 1}\n`});
    expect(error.code).toBe('CONFIG_KEY_NOT_ALLOWED');
    expect(problemOf(error)).toMatchObject({key: `limits.${name}`, line: 2});
  });

  test('its file is never a link, a folder or a pipe', async () => {
    const path = join(root, 'bulkhead.yml');
    await writeFile(join(root, 'real.yml'), 'image: node\n');
    await symlink(join(root, 'real.yml'), path);
    expect((await refused({})).code).toBe('CONFIG_INVALID');
    await rm(path);
    await mkdir(path);
    expect((await refused({})).code).toBe('CONFIG_INVALID');
    await rm(path, {recursive: true});
    execFileSync('mkfifo', [path]);
    expect((await refused({})).code).toBe('CONFIG_INVALID');
  });

  test('a dangling link is not the same as no file', async () => {
    await symlink(join(root, 'nowhere'), join(root, 'bulkhead.yml'));
    expect((await refused({})).code).toBe('CONFIG_INVALID');
  });

  test.each([
    ['aliases that multiply', `a0: &a0 [1]\n${Array.from({length: 40}, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`).join('\n')}\n`],
    ['lists in lists in one line', `image: ${'['.repeat(100_000)}`],
    ['entries in entries', `${'- '.repeat(100_000)}a`],
    ['maps in maps by indentation', Array.from({length: 600}, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['a file of 2 MB', '# x\n'.repeat(524_288)],
    ['bytes that are no text', Buffer.from([0x69, 0xff, 0xfe]) as unknown as string],
    ['two documents', 'image: a\n---\nimage: b\n'],
    ['a tag of its own', 'image: !!js/function "x"\n'],
    ['an alias of nothing', 'image: *gone\n'],
    ['a list', '- image\n'],
    ['a text', 'image\n'],
  ])('%s is refused, not followed', async (_name, repository) => {
    expect((await refused({repository})).code).toBe('CONFIG_INVALID');
  });

  test('a hostile key is shown escaped and short', async () => {
    const error = await refused({repository: `"\\e[2J${'k'.repeat(900)}": 1\n`});
    expect(error.message).not.toContain('\u001b');
    expect(error.message).toContain('unknown');
    expect(error.message.length).toBeLessThan(400);
  });
});

describe('a wrong file is never half used', () => {
  test('an unknown key is named with its line and the nearest key that exists', async () => {
    const error = await refused({repository: 'schemaVersion: 1\nlimits:\n  memoryMb: 100\n'});
    expect(error.code).toBe('CONFIG_INVALID');
    expect(problemOf(error)).toMatchObject({key: 'limits.memoryMb', line: 3});
    expect(problemOf(error).message).toContain('`memoryMiB`');
  });

  test('a key that resembles nothing gets no guess', async () => {
    expect(problemOf(await refused({user: 'zzzzzzzz: 1\n'})).message).not.toContain('did you mean');
  });

  test('an unknown key inside a specialist is an error too', async () => {
    const error = await refused({repository: 'specialists:\n  test:\n    scope:\n      writes: ["a"]\n'});
    expect(error.code).toBe('CONFIG_INVALID');
    expect((error.details['problems'] as readonly {readonly key: string}[]).map((problem) => problem.key)).toContain('specialists.test.scope.writes');
  });

  test('broken YAML is named with line and column', async () => {
    const error = await refused({repository: 'image: node\nlimits: {pids: 1\n'});
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.details).toMatchObject({line: 3, column: 1});
  });

  test('a key that is there twice is an error, not the last one', async () => {
    const error = await refused({user: 'maxTurns: 1\nmodel: {name: a}\nmaxTurns: 2\n'});
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.details).toMatchObject({line: 3, column: 1});
  });

  test.each(['image: 5', 'image:', 'limits: {pids: many}', 'limits: {cpus: 0}', 'schemaVersion: 2', 'specialists: {Test: {}}', 'specialists: {test: {scope: {write: [/etc]}}}'])(
    '`%s` has a value that is not taken',
    async (repository) => {
      const error = await refused({repository: `${repository}\n`});
      expect(error.code).toBe('CONFIG_INVALID');
      expect(problemOf(error).line).toBe(1);
    },
  );

  test.each(['model: {keyFile: key.txt}', 'model: {baseUrl: "file:///etc/passwd"}', 'maxParallel: 0', 'model: {key: sk-1}'])(
    'the user may not set `%s`',
    async (user) => {
      expect((await refused({user: `${user}\n`})).code).toBe('CONFIG_INVALID');
    },
  );

  test('an interrupted read is an interruption, not a configuration error', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(readConfig({repositoryRoot: root, userConfigFile: undefined, signal})).rejects.toThrow('stop');
  });
});
