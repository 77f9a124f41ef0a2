import type {Finding} from '../../core/finding.js';
import type {TestSummary} from '../../core/verification.js';
import type {SuiteRunner} from '../runners/runner.js';
import {endFindings} from './end-findings.js';
import {judgeFailToPass} from './fail-to-pass.js';
import type {Fate} from './inventory.js';
import {testFinding, type TestEvidence} from './judged.js';
import {rowFindings} from './row-findings.js';

/** Most findings of one code for one file; the rest is counted in one more. A person reads them. */
const maxPerFile = 20;

/** What the inventory of a suite means for the manifest. Pure. */
export function judgeTests(evidence: TestEvidence, runner: Pick<SuiteRunner, 'name' | 'evidence'>): {readonly summary: TestSummary; readonly findings: readonly Finding[]} {
  const proof = judgeFailToPass(evidence);
  const rows = evidence.inventory.flatMap((row) => rowFindings(row, evidence));
  const complete = evidence.merged.end === 'complete';
  const findings = [
    ...endFindings(evidence),
    ...fewer(rows),
    ...(complete ? [...missingFindings(evidence), ...proof.findings] : proof.findings.filter((item) => item.code === 'NOT_FAIL_TO_PASS')),
  ];
  const {wanted, met, byLoad} = proof;
  const summary = {...summaryOf(evidence, runner.name), failToPass: {wanted, met, byLoad: [...byLoad]}};
  // A listed test that fails is found twice, once as a failure and once as a missing proof.
  const once = [...new Map(findings.map((item) => [item.id, item])).values()];
  return {summary, findings: once.map((item) => ({...item, evidence: {...item.evidence, class: runner.evidence}}))};
}

function summaryOf({inventory, base, before}: TestEvidence, runner: string): Omit<TestSummary, 'failToPass'> {
  const seen = inventory.filter((row) => row.now !== undefined);
  const ids = (fate: Fate): string[] => inventory.filter((row) => row.fate === fate).map((row) => row.id);
  const count = (...statuses: readonly (string | undefined)[]): number => seen.filter((row) => statuses.includes(row.now)).length;
  return {
    runner,
    baseEnd: base.end,
    ...(before === undefined ? {} : {beforeEnd: before.end}),
    total: seen.length,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped', 'todo'),
    new: ids('new'),
    kept: ids('kept'),
    broken: ids('broken'),
    vanished: ids('vanished'),
    knownFailing: ids('knownFailing'),
  };
}

function missingFindings({tests, inventory, actors}: TestEvidence): readonly Finding[] {
  const ran = inventory.filter((row) => row.now === 'passed' || row.now === 'failed');
  if (ran.length === 0) {
    const hint = 'Check tests.command: it must find and run the tests.';
    return [testFinding({code: 'NO_TESTS_RUN', subject: '', owners: actors.everybody(), message: 'The test command ended well, but not one test ran.', hint})];
  }
  const down = new Set(ran.filter((row) => row.kind === 'file' && row.now === 'failed').map((row) => row.file));
  return tests.files.flatMap(({path, minTests, owner}) => {
    const count = ran.filter((row) => row.kind === 'test' && row.file === path).length;
    if (count >= minTests || down.has(path)) return [];
    const message = `\`${path}\` should have at least ${minTests} ${minTests === 1 ? 'test' : 'tests'}; ${count} ran.`;
    return [testFinding({code: 'TEST_MISSING', subject: path, owners: [owner], path, message, hint: 'Add the missing tests, as tests of the runner.'})];
  });
}

function fewer(findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const item of findings) {
    const name = `${item.code} ${item.path ?? ''}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups.values()].flatMap((group) => {
    const next = group[maxPerFile];
    if (next === undefined) return group;
    const where = next.path ?? '';
    return [...group.slice(0, maxPerFile), {...next, id: `tests:${next.code}:${where}: more`, message: `${group.length - maxPerFile} more of the same in \`${where}\`.`}];
  });
}
