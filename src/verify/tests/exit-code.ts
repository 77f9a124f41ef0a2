import type {Finding} from '../../core/finding.js';
import type {TestSummary} from '../../core/verification.js';
import {endFindings} from './end-findings.js';
import {testFinding, type TestEvidence} from './judged.js';

/**
 * What a suite means of which only the exit code is known. It passes with 0. As proof of the work, the command must
 * pass on the base and fail there with the new tests, once for all of them; single tests that the manifest lists or counts cannot be
 * seen, so they are findings and never taken for granted. Pure.
 */
export function judgeExitCode(evidence: Omit<TestEvidence, 'inventory'>): {readonly summary: TestSummary; readonly findings: readonly Finding[]} {
  const {base, before, merged} = evidence;
  const passed = merged.end === 'complete' && merged.exitCode === 0;
  const proof = proofOf(evidence);
  const findings = [...endFindings(evidence), ...(merged.end === 'complete' && !passed ? [failed(evidence)] : []), ...unseen(evidence), ...(passed ? proof.findings : [])];
  const none = {new: [], kept: [], broken: [], vanished: [], knownFailing: []};
  return {
    summary: {runner: 'exit-code', baseEnd: base.end, ...(before === undefined ? {} : {beforeEnd: before.end}), total: 1, passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0, ...none, failToPass: {wanted: proof.wanted, met: proof.met, byLoad: []}},
    findings: findings.map((item) => ({...item, evidence: {...item.evidence, class: 'exit-code' as const}})),
  };
}

function failed({merged, actors}: Omit<TestEvidence, 'inventory'>): Finding {
  return testFinding({
    code: 'TEST_FAILED',
    subject: '',
    owners: actors.everybody(),
    message: `The test command ended with exit code ${merged.exitCode}.`,
    hint: 'Make the command end with 0 in a clean copy of the merged work.',
    detail: merged.detail,
  });
}

function unseen({tests, actors}: Omit<TestEvidence, 'inventory'>): readonly Finding[] {
  return tests.files.filter((file) => file.minTests > 1).map(({path, minTests}) =>
    testFinding({
      code: 'TEST_MISSING',
      subject: path,
      owners: actors.forPath(path),
      path,
      message: `\`${path}\` should have at least ${minTests} tests, but a command of the class exit-code shows no single tests.`,
      hint: 'Name a runner that has an adapter, or leave minTests out.',
    }),
  );
}

function proofOf({tests, base, before, actors}: Omit<TestEvidence, 'inventory'>): {readonly wanted: number; readonly met: number; readonly findings: readonly Finding[]} {
  if (tests.failToPass === 'none') return {wanted: 0, met: 0, findings: []};
  if (tests.failToPass !== 'auto') {
    const findings = tests.failToPass.map((id) => notShown({subject: id, path: id.split(' > ', 1)[0] ?? id, why: 'cannot be seen: a command of the class exit-code shows no single tests'}, actors));
    return {wanted: findings.length, met: 0, findings};
  }
  if (tests.files.length === 0) return {wanted: 0, met: 0, findings: []};
  const red = base.exitCode !== 0;
  if (!red && before !== undefined && before.exitCode !== 0) return {wanted: 1, met: 1, findings: []};
  const why = red ? 'shows nothing: the test command fails on the base already' : 'shows nothing: the test command passes with it and without the new work too';
  const findings = tests.files.map(({path}) => notShown({subject: path, path, why}, actors));
  return {wanted: 1, met: 0, findings};
}

function notShown({subject, path, why}: {readonly subject: string; readonly path: string; readonly why: string}, actors: TestEvidence['actors']): Finding {
  return testFinding({
    code: 'NOT_FAIL_TO_PASS',
    subject,
    owners: actors.forPath(path),
    path,
    message: `\`${subject}\` ${why}.`,
    hint: 'Let a test assert something that only holds with the new work.',
  });
}
