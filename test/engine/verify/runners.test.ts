import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {runnerCases, tryCase, type RunnerCase} from './runners/cases.js';
import {installedPackages} from './runners/packages.js';
import {startVerifier, type Verifier} from './runners/verifier.js';
import {calm} from '../sandbox/engine-fixture.js';

/** Another sample each day, the same one all day; `npm run soak -- runners` is the whole table. */
const seed = Math.floor(Date.now() / 86_400_000);

/** Honest work with mocha, which has the smallest packages, and one of its bad ends; honest work with one other runner. */
const sample: readonly RunnerCase[] = ['mocha', seed % 2 === 0 ? 'vitest' : 'jest'].flatMap((name) => {
  const own = runnerCases.filter((one) => one.dialect.name === name);
  const versions = [...new Set(own.map((one) => one.packages))];
  const chosen = own.filter((one) => one.packages === versions[Math.floor(seed / 2) % versions.length] && one.shape.timeoutMs === undefined);
  const bad = chosen.filter((one) => one.shape.codes.length > 0);
  const one = bad[seed % bad.length];
  return [...chosen.filter((each) => each.shape.name === 'honest work'), ...(name === 'mocha' && one !== undefined ? [one] : [])];
});

/** A command that writes a report to the path that it is given; what it does besides is in the file `mode`. */
const check = `set -eu
report=$1
suite() { printf '<testsuite><testcase classname="t" name="old"/>%s<testcase classname="t" name="kept"/></testsuite>' "$1"; }
case $(cat mode) in
honest) suite '' >"$report"; suite '<testcase name="forged"/>' >report.xml; suite '<testcase name="forged"/>' ;;
fewer) suite '' | sed 's/kept/other/' >"$report" ;;
silent) ;;
link) suite '' >report.xml; ln -s "$PWD/report.xml" "$report" ;;
late)
  suite "$(head -c 30000000 /dev/zero | tr '\\0' ' ')" >"$report"
  at=$(($(stat -c %s "$report") - 19))
  setsid sh -c 'while kill -0 "$0"; do sleep 0.01; done; printf evil | dd of="$1" bs=1 seek="$2" conv=notrunc' $$ "$report" "$at" &
  ;;
esac
`;

describe('a runner of the project', () => {
  let verifier: Verifier | undefined;
  beforeAll(async () => {
    verifier = await startVerifier(calm);
  });
  afterAll(async () => {
    expect(await verifier?.close()).toEqual([]);
  });

  it('has a sample to try', () => {
    expect(sample).toHaveLength(3);
  });

  it.each(sample)('$id', async (one) => {
    const {expected, seen} = await tryCase(one, verifier!);
    expect(seen).toEqual(expected);
  });

  it('that is not installed did not start, and that blames nobody', async () => {
    const manifest = {files: [{path: 'a.js', action: 'create', owner: 'o'}], tests: {command: ['vitest'], failToPass: 'none'}};
    const {verdict, tests} = await verifier!.verify({image: 'node', packages: await installedPackages(), base: {'b.js': ''}, change: {'a.js': ''}, manifest});
    expect([verdict, tests?.runner, tests?.baseEnd]).toEqual(['inconclusive', 'vitest', 'not-started']);
  });

  it.each([
    ['is read from a place of ours, never from the repository or from what it prints', 'honest', []],
    ['lacks a test that passed before: blocked', 'fewer', ['TESTS_VANISHED']],
    ['is not there: blocked, although the command ended well', 'silent', ['NO_TEST_RESULTS']],
    ['is a link into the repository: blocked, because nothing there is a result', 'link', ['NO_TEST_RESULTS']],
    ['is changed when the command has ended: it is read as it was', 'late', []],
  ])('a report of its own that %s', async (_, mode, codes) => {
    const manifest = {files: [{path: 'a.js', action: 'create', owner: 'o'}], tests: {command: ['sh', 'check.sh', '{report}'], runner: 'junit', failToPass: 'none'}};
    const {verdict, tests, findings} = await verifier!.verify({image: 'node', packages: [], base: {'check.sh': check, mode: 'honest'}, change: {'a.js': '', mode}, manifest});
    expect([verdict, tests?.runner, findings.map((item) => [item.code, item.evidence.class])]).toEqual([codes.length === 0 ? 'verified' : 'blocked', 'junit', codes.map((code) => [code, 'own-report'])]);
    expect(tests?.kept).toEqual(mode === 'fewer' ? ['t > old'] : mode === 'silent' || mode === 'link' ? [] : ['t > old', 't > kept']);
  });

  it('a report of its own gives a result without a file to the promised file that its class can only mean, whatever another manifest made of the same base', async () => {
    const manifest = {files: [{path: 'a.js', action: 'create', owner: 'o'}], tests: {command: ['sh', 'check.sh', '{report}'], runner: 'junit', failToPass: 'none', files: [{path: 't.js', owner: 'o'}]}};
    const {tests, findings} = await verifier!.verify({image: 'node', packages: [], base: {'check.sh': check, mode: 'honest'}, change: {'a.js': '', 't.js': ''}, manifest});
    expect([findings, tests?.kept]).toEqual([[], ['t.js > t > old', 't.js > t > kept']]);
  });

  it('a report of its own in the repository is none', async () => {
    const manifest = {files: [{path: 'a.js', action: 'create', owner: 'o'}], tests: {command: ['sh', 'check.sh', 'report.xml'], runner: 'junit', failToPass: 'none', env: {X: '{report}'}}};
    const {verdict, tests} = await verifier!.verify({image: 'node', packages: [], base: {'check.sh': check, mode: 'honest'}, change: {'a.js': ''}, manifest});
    expect([verdict, tests?.baseEnd]).toEqual(['inconclusive', 'no-results']);
  });

  it('that prints TAP is read from what it prints, also up to a time-out', async () => {
    const manifest = {files: [{path: 'a.js', action: 'create', owner: 'o'}], tests: {command: ['sh', 'check.sh'], runner: 'tap', failToPass: 'none', timeoutMs: 4000}};
    const base = {'check.sh': "echo noise; echo 'ok 1 - old'; if [ -e a.js ]; then sleep 100; fi; echo 1..1\n"};
    const {verdict, findings, tests} = await verifier!.verify({image: 'node', packages: [], base, change: {'a.js': ''}, manifest});
    expect([verdict, tests?.kept, findings.map((item) => [item.code, item.evidence.class])]).toEqual(['blocked', ['(no file) > old'], [['TIME_OUT', 'own-report']]]);
  });
});
