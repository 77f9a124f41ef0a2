import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {readTrafficFlag} from '../../../src/cli/inputs/traffic-flag.js';
import {currentRedactor, hideSecret, refuseSecret, secretsOf} from '../../../src/cli/secrets.js';
import {parseTraffic} from '../../../src/agents/traffic/script.js';
import {isAppError} from '../../../src/core/errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
});
afterEach(async () => {
  await rm(folder, {recursive: true, force: true});
});

const values = (env: Readonly<Record<string, string>>): readonly string[] => secretsOf(env).map((one) => one.value);

describe('the secrets of an environment', () => {
  it.each(['ANTHROPIC_API_KEY', 'GITHUB_TOKEN', 'my-secret', 'CANARY', 'DB_PASSWORD', 'PGPASSWORD', 'MYSQL_PWD', 'AWS_SECRET_ACCESS_KEY', 'GH_PAT', 'SENTRY_AUTH', 'deployPrivate', 'npm_config__authToken'])(
    'are found by a name such as %s',
    (name) => {
      expect(values({[name]: 'S0me-value-1'})).toEqual(['S0me-value-1']);
    },
  );

  it.each(['PATH', 'PWD', 'OLDPWD', 'AUTHOR', 'KEYBOARD', 'PATTERN', 'MONKEY', 'TOKENIZERS', 'COMPASS_MODE', 'SSH_AUTH_SOCK'])('are not seen in %s', (name) => {
    expect(values({[name]: 'S0me-value-1'})).toEqual([]);
  });

  it.each(['short', 'development', 'true', '1234567890', '3.14159265', 'https://auth.example.com/token'])('are not what everybody writes: %s', (value) => {
    expect(values({API_KEY: value})).toEqual([]);
  });

  it('are not the names of files that are there', async () => {
    const file = join(folder, 'id_ed25519');
    expect(values({SSH_PRIVATE_KEY: file})).toEqual([file]);
    await writeFile(file, '');
    expect(values({SSH_PRIVATE_KEY: file})).toEqual([]);
  });

  it('are the passwords of URLs in any variable, as written and as meant, and the key that a DSN is made of', () => {
    expect(values({DATABASE: 'postgres://user:p%40ssw0rd-1@db:5432/x'})).toEqual(['p%40ssw0rd-1', 'p@ssw0rd-1']);
    expect(values({SENTRY_DSN: 'https://0123456789abcdef0123@sentry.example/1'})).toEqual(['0123456789abcdef0123']);
    expect(values({PROXY: 'http://user@host:80/'})).toEqual([]);
  });

  it('are the credentials of a header, and the members of a JSON value with such names', () => {
    expect(values({HTTP_AUTHORIZATION: 'Bearer S0me-value-1'})).toEqual(['S0me-value-1']);
    expect(secretsOf({CLOUD_CREDENTIALS: '{"type": "service_account", "private_key": "S0me-value-1", "n": 1}'})).toEqual([{name: 'CLOUD_CREDENTIALS.private_key', value: 'S0me-value-1'}]);
  });
});

describe('what this process knows to be secret', () => {
  const hiddenKey = 'h1dden-K3y-of-a-file';

  it('grows, and is refused in an input by name and never by value', () => {
    expect(currentRedactor().text(hiddenKey)).toBe(hiddenKey);
    hideSecret('model.keyFile', hiddenKey);
    expect(currentRedactor().text(`a ${hiddenKey}`)).toBe('a [secret model.keyFile]');
    refuseSecret('USAGE', {what: 'The task', text: 'an ordinary one'});
    try {
      refuseSecret('MANIFEST_INVALID', {what: 'The manifest', text: JSON.stringify({task: hiddenKey})});
      expect.unreachable();
    } catch (error) {
      if (!isAppError(error, 'MANIFEST_INVALID')) throw error;
      const told = JSON.stringify([error.message, error.hint, error.details]);
      expect([told.includes('model.keyFile'), told.includes(hiddenKey)]).toEqual([true, false]);
    }
  });

  it('is taken out of a traffic script, which stays one', async () => {
    hideSecret('model.keyFile', hiddenKey);
    const file = join(folder, 'traffic.yml');
    const script = (key: string): string => `schemaVersion: 1\nspecialists: {a: {turns: [{tools: [{bash: {command: echo ${key}}}]}]}}\n`;
    await writeFile(file, script(hiddenKey));
    const traffic = await readTrafficFlag(`replay:${file}`, folder, AbortSignal.timeout(10_000));
    expect(parseTraffic(traffic!.text, file).specialists['a']?.turns[0]?.tools).toEqual([{bash: {command: 'echo [secret model.keyFile]'}}]);
    await writeFile(file, script('hello'));
    expect((await readTrafficFlag(`replay:${file}`, folder, AbortSignal.timeout(10_000)))?.text).toBe(script('hello'));
  });
});
