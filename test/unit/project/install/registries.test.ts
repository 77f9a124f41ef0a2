import {expect, test} from 'vitest';
import {makeRegistries, Registry} from '../../../../src/project/install/registries.js';

const acme = {url: 'https://npm.example.org/private/', scope: '@acme', tokenFrom: 'ACME_TOKEN'};
const env = {ACME_TOKEN: 'canary-token-1234', https_proxy: 'http://proxy.example:3128', http_proxy: 'http://127.0.0.1:3128', OTHER: 'not-this-one'};

test('a token is found by its name and given to the box alone', () => {
  const made = makeRegistries({registries: [acme], env, certificates: 'PEM'});
  expect(made.secrets).toEqual([{name: 'ACME_TOKEN', value: 'canary-token-1234'}]);
  expect(made.addresses).toEqual(['https://registry.npmjs.org/', 'https://npm.example.org/private/']);
  expect(made.given('node')).toEqual({
    npmrc: '@acme:registry="https://npm.example.org/private/"\n//npm.example.org/private/:_authToken="canary-token-1234"\nhttps-proxy="http://proxy.example:3128"\n',
    'certificates.pem': 'PEM',
  });
});

test('a token is not given to an image that the user did not list', () => {
  const made = makeRegistries({registries: [acme], env, certificates: ''});
  expect(() => made.given('stranger/image:1')).toThrow(expect.objectContaining({code: 'CONFIG_INVALID'}) as Error);
  const trusted = makeRegistries({registries: [{...acme, images: ['stranger/image:1']}], env, certificates: ''});
  expect(trusted.given('stranger/image:1')['npmrc']).toContain('canary-token-1234');
  expect(makeRegistries({registries: [{url: acme.url}], env, certificates: ''}).given('stranger/image:1')['npmrc']).not.toContain('canary');
});

test.each([undefined, '', 'short', 'with space in it', 'line\nbreak-token', '${HOME}-token'])('a token that is %j is none', (value) => {
  const made = makeRegistries({registries: [acme], env: {ACME_TOKEN: value}, certificates: ''});
  expect(() => made.given('node')).toThrow(expect.objectContaining({code: 'CONFIG_INVALID'}) as Error);
});

test.each(['https://npm.example.org/private', 'https://user:pass@npm.example.org/', 'https://npm.example.org/?a=b/', 'file:///etc/', 'https://npm.example.org/a/../b/'])('%s is no address of a registry', (url) => {
  expect(Registry.safeParse({url}).success).toBe(false);
});
