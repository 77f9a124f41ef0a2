import type {Finding} from '../../core/finding.js';
import type {Manifest, TestFile} from '../../core/manifest.js';
import {maskId} from './identity.js';
import type {Inventory, Row} from './inventory.js';
import {shownId, testFinding, type TestEvidence} from './judged.js';
import type {SuiteRun} from './results.js';

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
 * only where its file (or a suite around it) was seen not to load there, and only where a source that the file covers
 * (any promised file, when it names none) is promised as created or modified.
 */
export function judgeFailToPass(evidence: TestEvidence): FailToPass {
  const {tests, inventory} = evidence;
  if (tests.failToPass === 'none') return {wanted: 0, met: 0, byLoad: [], findings: []};
  const listed = tests.failToPass === 'auto' ? [] : listedRows(tests.failToPass, inventory);
  const rows = tests.failToPass === 'auto' ? wantedRows(evidence) : listed.flatMap(({row}) => (row?.now === 'passed' ? [row] : []));
  const proofs = [...new Set(rows)].map((row) => ({row, proof: proofOf(row, evidence)}));
  const met = proofs.filter(({proof}) => proof === 'failed' || proof === 'by-load');
  const unmet = proofs.filter(({proof}) => proof !== 'failed' && proof !== 'by-load').map(({row, proof}) => unmetFinding(row, proof, evidence));
  const absent = listed.filter(({row}) => row?.now !== 'passed');
  const empty = tests.failToPass === 'auto' ? filesWithoutProof(evidence, rows) : [];
  return {
    wanted: proofs.length + absent.length + empty.length,
    met: met.length,
    byLoad: met.filter(({proof}) => proof === 'by-load').map(({row}) => row.id),
    findings: [...unmet, ...absent.map(({id, row}) => absentFinding(id, row, evidence)), ...empty.map(emptyFinding)],
  };
}

type Proof = 'failed' | 'by-load' | 'passed' | 'skipped' | 'no-result' | 'not-loaded';

/** The test that each listed id means: of exactly this id, else one that differs by noise alone and nobody else means. */
function listedRows(ids: readonly string[], inventory: Inventory): readonly {readonly id: string; readonly row: Row | undefined}[] {
  const meant = new Set(ids);
  return ids.map((id) => ({id, row: inventory.find((row) => row.id === id) ?? inventory.find((row) => !meant.has(row.id) && maskId(row.id) === maskId(id))}));
}

function wantedRows({tests, inventory}: TestEvidence): readonly Row[] {
  const promised = new Set(tests.files.map((file) => file.path));
  // A test that passed on the base as it was, and now fails there, was made stricter: it shows the work too.
  return inventory.filter((row) => row.kind === 'test' && row.now === 'passed' && promised.has(row.file) && (row.base !== 'passed' || row.before === 'failed'));
}

function proofOf(row: Row, evidence: TestEvidence): Proof {
  if (row.before !== undefined) return row.before === 'todo' ? 'skipped' : row.before;
  if (!failedToLoad(row, evidence.before)) return 'no-result';
  return dependsOnPromise(evidence, evidence.tests.files.find((file) => file.path === row.file)) ? 'by-load' : 'not-loaded';
}

/** Whether it was seen why a test gave no result: its file or a suite around it failed, or said that it needs something that is not there. */
function failedToLoad(row: Row, before: SuiteRun | undefined): boolean {
  if (before?.end === 'not-loaded') return true;
  return (before?.tests ?? []).filter((seen) => seen.file === row.file).some(({kind, path, status}) => {
    if (kind === 'file') return status === 'failed';
    // pytest's `importorskip` skips the whole module.
    if (status === 'skipped') return path.join() === moduleRow;
    const suite = path.at(-1) === hooksRow ? path.slice(0, -1) : path;
    return status === 'failed' && suite.length < row.path.length && suite.every((part, index) => part === row.path[index]);
  });
}

function dependsOnPromise({manifest, tests}: TestEvidence, file: TestFile | undefined): boolean {
  const testFiles = new Set(tests.files.map((each) => each.path));
  const sources = manifest.files.filter((each) => each.action !== 'delete' && !testFiles.has(each.path)).map((each) => each.path);
  const covers = file?.covers ?? [];
  return covers.length === 0 ? sources.length > 0 : covers.some((path) => sources.includes(path));
}

/** Names that our reporters give to a module and to the hooks of a suite. */
const moduleRow = '(module)';
const hooksRow = '(hooks)';

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
    'no-result': 'gives no result without the new work, although its file loads there, so it shows nothing',
    'not-loaded': 'gives no result without the new work, and its file covers nothing that is promised',
    failed: '',
    'by-load': '',
  };
  return testFinding({
    code: 'NOT_FAIL_TO_PASS',
    subject: row.id,
    owners: actors.forPath(row.file),
    path: row.file,
    message: `The test ${shownId(row)} ${what[proof]}.`,
    hint: proof === 'not-loaded' ? 'Name the promised source under `covers` of this test file.' : 'Let it assert something that only holds with the new work.',
  });
}

function absentFinding(id: string, row: Row | undefined, {actors}: TestEvidence): Finding {
  const path = row?.file ?? id.split(' > ', 1)[0] ?? id;
  const shared = {subject: row?.id ?? id, owners: actors.forPath(path), path};
  if (row?.now === 'failed') return testFinding({...shared, code: 'TEST_FAILED', message: `The promised test ${shownId(row)} fails.`, hint: 'Make the test pass.'});
  if (row?.now !== undefined) return testFinding({...shared, code: 'TEST_SKIPPED', message: `The promised test ${shownId(row)} is skipped.`, hint: 'Let the test run.'});
  return testFinding({...shared, code: 'TEST_MISSING', message: `The promised test \`${id}\` gave no result.`, hint: 'Deliver a test of exactly this id: file > suite > name.'});
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
