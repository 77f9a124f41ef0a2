import {expect, test} from 'vitest';
import {listSettings} from '../../../src/cli/effective-settings.js';
import {namedEngine} from '../../../src/cli/inputs/environment.js';
import {effectiveConfig} from '../../../src/project/config-layers.js';

const config = effectiveConfig({image: 'python'}, {engine: 'unix:///user.sock', model: {baseUrl: 'https://me:secret@host.test/v1'}});

function setting(key: string, {env = {}, engine}: {readonly env?: NodeJS.ProcessEnv; readonly engine?: string} = {}): unknown {
  return listSettings({config, env, engine}).find((one) => one.key === key);
}

test('flag, environment, user, repository, default: each stands above the next', () => {
  expect(setting('engine', {engine: 'unix:///flag.sock', env: {DOCKER_HOST: 'unix:///env.sock'}})).toMatchObject({value: 'unix:///flag.sock', origin: 'flag'});
  expect(setting('engine', {env: {BULKHEAD_ENGINE: 'unix:///ours.sock', DOCKER_HOST: 'unix:///env.sock'}})).toMatchObject({value: 'unix:///ours.sock', origin: 'environment', variable: 'BULKHEAD_ENGINE'});
  expect(setting('engine', {env: {DOCKER_HOST: ''}})).toMatchObject({value: 'unix:///user.sock', origin: 'user'});
  expect(setting('image')).toMatchObject({value: 'python', origin: 'repository'});
  expect(setting('maxTurns')).toMatchObject({value: 60, origin: 'default'});
  expect(setting('model.keyFile')).toMatchObject({value: null, origin: 'default'});
});

test('discovery takes the address of the flag, then reads the environment itself, then takes that of the user', () => {
  const env = {DOCKER_HOST: 'unix:///env.sock'};
  expect([namedEngine({flag: 'x', env, config}), namedEngine({flag: undefined, env, config}), namedEngine({flag: undefined, env: {}, config})]).toEqual(['x', undefined, 'unix:///user.sock']);
});

test('a password in an address, and the key, are never shown', () => {
  const shown = JSON.stringify(listSettings({config, env: {ANTHROPIC_API_KEY: 'sk-1'}, engine: undefined}));
  expect(shown).toContain('host.test/v1');
  expect(shown).not.toMatch(/secret|sk-1/);
});
