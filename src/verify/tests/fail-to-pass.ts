import type {Finding} from '../../core/finding.js';
import type {Manifest, TestFile} from '../../core/manifest.js';
import {identify, keyOf, type IdentifiedTest} from './identity.js';
import type {Row} from './inventory.js';
import {shownId, testFinding, type TestEvidence} from './judged.js';

/** What the tests that should show the work have shown. */
export interface FailToPass {
  readonly wanted: number;
  readonly met: number;
  /** Ids that gave no result without the work, because their file does not load there: weaker, so they are listed. */
  readonly byLoad: readonly string[];
  readonly findings: readonly Finding[];
}

/** The test files that must run on the base with the new tests; literal paths, in order, none when nothing is wanted. */
export function filesToProve(tests: NonNullable<Manifest['tests']>, exists: (path: string) => boolean): readonly string[] {
  if (tests.failToPass === 'none') return [];
  const named = tests.failToPass === 'auto' ? [] : tests.failToPass.map((id) => id.split(' > ', 1)[0] ?? '');
  return [...new Set([...tests.files.map((file) => file.path), ...named])].filter(exists);
}

/**
 * Do the tests fail without the work and pass with it? `auto` wants every test of the promised files that passes now
 * and did not pass on the base, and at least one per file. A test that gave no result without the work is accepted
 * only where a source that its file covers (any promised file, when it names none) is promised as created or modified.
 */
export function judgeFailToPass(evidence: TestEvidence): FailToPass {
  const {tests, inventory, before} = evidence;
  if (tests.failToPass === 'none') return {wanted: 0, met: 0, byLoad: [], findings: []};
  const seenBefore = identify(before?.tests ?? []);
  const proofs = wantedRows(evidence, seenBefore).map((row) => ({row, proof: proofOf(row, seenBefore, evidence)}));
  const met = proofs.filter(({proof}) => proof === 'failed' || proof === 'by-load');
  const unmet = proofs.filter(({proof}) => proof !== 'failed' && proof !== 'by-load').map(({row, proof}) => unmetFinding(row, proof, evidence));
  const listed = tests.failToPass === 'auto' ? [] : tests.failToPass.map(keyOf);
  const absent = listed.filter((key) => !proofs.some(({row}) => row.key === key));
  const empty = tests.failToPass === 'auto' ? filesWithoutProof(evidence, proofs.map(({row}) => row)) : [];
  return {
    wanted: proofs.length + absent.length + empty.length,
    met: met.length,
    byLoad: met.filter(({proof}) => proof === 'by-load').map(({row}) => row.id),
    findings: [...unmet, ...absent.map((key) => absentFinding(key, inventory.find((row) => row.key === key), evidence)), ...empty.map(emptyFinding)],
  };
}

type Seen = ReadonlyMap<string, IdentifiedTest>;
type Proof = 'failed' | 'by-load' | 'passed' | 'skipped' | 'not-loaded';

function wantedRows({tests, inventory}: TestEvidence, before: Seen): readonly Row[] {
  const passing = inventory.filter((row) => row.kind === 'test' && row.now === 'passed');
  if (tests.failToPass !== 'auto') {
    const keys = new Set((tests.failToPass === 'none' ? [] : tests.failToPass).map(keyOf));
    return passing.filter((row) => keys.has(row.key));
  }
  const promised = new Set(tests.files.map((file) => file.path));
  // A test that passed on the base as it was, and now fails there, was made stricter: it shows the work too.
  return passing.filter((row) => promised.has(row.file) && (row.base !== 'passed' || before.get(row.key)?.test.status === 'failed'));
}

function proofOf(row: Row, before: Seen, evidence: TestEvidence): Proof {
  const status = before.get(row.key)?.test.status;
  if (status === 'todo') return 'skipped';
  if (status !== undefined) return status;
  return dependsOnPromise(evidence, evidence.tests.files.find((file) => file.path === row.file)) ? 'by-load' : 'not-loaded';
}

function dependsOnPromise({manifest, tests}: TestEvidence, file: TestFile | undefined): boolean {
  const testFiles = new Set(tests.files.map((each) => each.path));
  const sources = manifest.files.filter((each) => each.action !== 'delete' && !testFiles.has(each.path)).map((each) => each.path);
  const covers = file?.covers ?? [];
  return covers.length === 0 ? sources.length > 0 : covers.some((path) => sources.includes(path));
}

/** Promised files in which tests pass, but none that would show the work. */
function filesWithoutProof({tests, inventory}: TestEvidence, wanted: readonly Row[]): readonly TestFile[] {
  const shown = new Set(wanted.map((row) => row.file));
  const passing = new Set(inventory.filter((row) => row.kind === 'test' && row.now === 'passed').map((row) => row.file));
  const failing = new Set(inventory.filter((row) => row.now === 'failed').map((row) => row.file));
  return tests.files.filter(({path}) => passing.has(path) && !shown.has(path) && !failing.has(path));
}

function unmetFinding(row: Row, proof: Proof, {actors}: TestEvidence): Finding {
  const what: Record<Proof, string> = {
    passed: 'passes without the new work too',
    skipped: 'is skipped without the new work, so it shows nothing',
    'not-loaded': 'gives no result without the new work, and its file covers nothing that is promised',
    failed: '',
    'by-load': '',
  };
  return testFinding({
    code: 'NOT_FAIL_TO_PASS',
    subject: row.key,
    owners: actors.forPath(row.file),
    path: row.file,
    message: `The test ${shownId(row)} ${what[proof]}.`,
    hint: proof === 'not-loaded' ? 'Name the promised source under `covers` of this test file.' : 'Let it assert something that only holds with the new work.',
  });
}

function absentFinding(key: string, row: Row | undefined, {actors}: TestEvidence): Finding {
  const path = row?.file ?? key.split(' > ', 1)[0] ?? key;
  const shared = {subject: key, owners: actors.forPath(path), path};
  if (row?.now === 'failed') return testFinding({...shared, code: 'TEST_FAILED', message: `The promised test ${shownId(row)} fails.`, hint: 'Make the test pass.'});
  if (row?.now !== undefined) return testFinding({...shared, code: 'TEST_SKIPPED', message: `The promised test ${shownId(row)} is skipped.`, hint: 'Let the test run.'});
  return testFinding({...shared, code: 'TEST_MISSING', message: `The promised test \`${key}\` gave no result.`, hint: 'Deliver a test of exactly this id: file > suite > name.'});
}

function emptyFinding({path, owner}: TestFile): Finding {
  return testFinding({
    code: 'NOT_FAIL_TO_PASS',
    subject: path,
    owners: [owner],
    path,
    message: `No test of \`${path}\` fails without the new work: all of them passed on the base already.`,
    hint: 'Add a test that only passes with the new work, or say `failToPass: none`.',
  });
}
