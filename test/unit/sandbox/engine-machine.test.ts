import {describe, expect, it} from 'vitest';
import {judgeLooks} from '../../../src/sandbox/engine/probe-box.js';
import {judgeDisk} from '../../../src/sandbox/engine/probe-living.js';
import {isDebianLike, parseOsRelease, parsePlan, startInstaller} from '../../../src/sandbox/engine/packages.js';

describe('os-release', () => {
  it('is read with quotes, escapes and comments', () => {
    const release = parseOsRelease('# comment\nNAME="Debian \\"GNU\\"/Linux"\nID=debian\nVERSION_ID=\'12\'\nnonsense\nEMPTY=\n');
    expect(Object.fromEntries(release)).toEqual({NAME: 'Debian "GNU"/Linux', ID: 'debian', VERSION_ID: '12', EMPTY: ''});
  });

  it.each([
    ['ID=debian', true],
    ['ID=ubuntu\nID_LIKE=debian', true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', true],
    ['ID=fedora', false],
    ['ID=notdebian\nID_LIKE="rhel fedora"', false],
    ['', false],
  ])('%j: Debian or Ubuntu is %s', (text, expected) => {
    expect(isDebianLike(parseOsRelease(text))).toBe(expected);
  });
});

it('what apt would install is read from its simulation, upgrades included, removals not', () => {
  const output = [
    'NOTE: This is only a simulation!',
    'Inst runc (1.1.5+ds1-1+deb12u1 Debian:12.11/stable [amd64])',
    'Inst libc6 [2.36-9] (2.36-9+deb12u10 Debian:12.11/stable [amd64])',
    'Remv old [1.0]',
    'Conf runc (1.1.5+ds1-1+deb12u1 Debian:12.11/stable [amd64])',
  ].join('\n');
  expect(parsePlan(output)).toEqual([
    {name: 'runc', version: '1.1.5+ds1-1+deb12u1'},
    {name: 'libc6', version: '2.36-9+deb12u10'},
  ]);
});

it('nothing may be installed without permission', async () => {
  expect(await startInstaller({allowed: false, env: {}, say: () => undefined, signal: new AbortController().signal})).toBeUndefined();
});

describe('what a probe box saw', () => {
  const good = {tmp: '1777', doors: '', seen: 'seeded', overlay: 'yes', forked: '61'};
  const outcomes = (facts: Record<string, string>): readonly string[] => judgeLooks(new Map(Object.entries(facts))).map(({outcome}) => outcome);

  it('is good when each fact is', () => {
    expect(outcomes(good)).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it.each([{tmp: '755'}, {seen: ''}, {overlay: ''}, {forked: '128'}, {forked: '0'}, {forked: 'x'}])('%j is a failure', (fact) => {
    expect(outcomes({...good, ...fact}).filter((outcome) => outcome === 'fail')).toHaveLength(1);
  });

  it.each([
    [16 * 1024 * 1024, 'ok'],
    [8 * 1024 * 1024, 'warn'],
    [4096, 'fail'],
    [Number.NaN, 'fail'],
  ])('of what it wrote %d bytes are counted: %s', (bytes, outcome) => {
    expect(judgeDisk(bytes).outcome).toBe(outcome);
  });

  it('warns of what the filter of system calls leaves open', () => {
    expect(outcomes({...good, doors: 'device nodes,'}).filter((outcome) => outcome === 'warn')).toHaveLength(1);
  });

  it('is a failure in everything that it did not say', () => {
    expect(outcomes({})).toEqual(['fail', 'fail', 'warn', 'fail']);
  });
});
