import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {chooseRuntime} from '../../../src/sandbox/runtime/choose.js';
import {listensAt, withGvisor} from '../../../src/sandbox/runtime/register.js';

const facts = {address: 'unix:///x.sock', runtimes: ['runc', 'runsc']};

describe('the runtime of boxes', () => {
  it('is that of the engine unless one is asked for, also where the engine has gVisor', () => {
    expect(chooseRuntime({requireGvisor: false}, facts)).toBeUndefined();
    expect(chooseRuntime({name: 'runc', requireGvisor: false}, facts)).toBe('runc');
    expect(chooseRuntime({requireGvisor: true}, facts)).toBe('runsc');
    expect(chooseRuntime({name: 'runc', requireGvisor: true}, facts)).toBe('runc');
  });

  it.each([{name: 'kata', requireGvisor: false}, {name: 'RUNSC', requireGvisor: true}, {name: '', requireGvisor: false}])('%j, which the engine does not list, is refused', (wish) => {
    try {
      chooseRuntime(wish, facts);
      expect.unreachable();
    } catch (error) {
      expect(isAppError(error, 'ENGINE_UNFIT')).toBe(true);
    }
  });

  it('that is required and not there is never replaced by another', () => {
    expect(() => chooseRuntime({requireGvisor: true}, {...facts, runtimes: ['runc']})).toThrow(expect.objectContaining({code: 'ENGINE_UNFIT'}));
  });
});

describe('the daemon behind an address', () => {
  it.each([
    [['dockerd', '--host', 'unix:///x.sock'], 'unix:///x.sock', true],
    [['dockerd', '--host=unix:///x.sock'], 'unix:///x.sock', true],
    [['dockerd', '-H', 'unix:///y.sock', '-H', 'unix:///x.sock'], 'unix:///x.sock', true],
    [['dockerd', '-H', 'unix:///xx.sock'], 'unix:///x.sock', false],
    [['dockerd'], 'unix:///var/run/docker.sock', true],
    [['dockerd', '-H', 'fd://'], 'unix:///var/run/docker.sock', true],
    [['dockerd', '-H', 'unix:///x.sock'], 'unix:///var/run/docker.sock', false],
    [['dockerd'], 'unix:///x.sock', false],
  ] as const)('%j listens at %s: %s', (words, address, expected) => {
    expect(listensAt(words, address)).toBe(expected);
  });
});

describe('the configuration of an engine', () => {
  it('gets gVisor beside everything that it has', () => {
    const next = JSON.parse(withGvisor('{"debug": true, "runtimes": {"crun": {"path": "/c"}}}', '/usr/bin/runsc') ?? '') as unknown;
    expect(next).toMatchObject({debug: true, runtimes: {crun: {path: '/c'}, runsc: {path: '/usr/bin/runsc'}}});
    expect(withGvisor('', '/usr/bin/runsc')).toBeDefined();
  });

  it.each(['{', '[]', '"x"', '{"runtimes": 3}'])('that is %j is not written over', (text) => {
    expect(withGvisor(text, '/usr/bin/runsc')).toBeUndefined();
  });
});
