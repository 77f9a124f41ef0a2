import type {Finding} from '../../core/finding.js';
import {isPermitted} from '../protect.js';
import type {Row} from './inventory.js';
import {shownId, shownMessage, testFinding, type TestEvidence} from './judged.js';

/** What the fate of one test means for the manifest; none for what is as it should be. Pure. */
export function rowFindings(row: Row, evidence: TestEvidence): readonly Finding[] {
  const promised = evidence.tests.files.some((file) => file.path === row.file);
  // A file whose process was ended with its box says only what the end of the run says already.
  if (row.kind === 'file' && (evidence.merged.end === 'out-of-memory' || evidence.merged.end === 'out-of-disk')) return [];
  switch (row.fate) {
    case 'failing':
      return [row.kind === 'file' && !promised && hadPassing(row.file, evidence) ? regression(row, evidence) : failure(row, evidence, promised)];
    case 'broken':
      // Without a result of its own, the finding of its file speaks for it.
      return row.now === undefined ? [] : [promised ? failure(row, evidence, promised) : regression(row, evidence)];
    case 'knownFailing':
      return promised ? [failure(row, evidence, promised)] : [];
    case 'vanished':
      return evidence.merged.end !== 'complete' || isPermitted(evidence.manifest, row.file) ? [] : [vanished(row, evidence)];
    case 'lost':
      return [skipped(row, evidence, promised)];
    case 'skipped':
      return promised && row.base === undefined ? [skipped(row, evidence, promised)] : [];
    case 'new':
    case 'kept':
    case 'gone':
      return [];
  }
}

function hadPassing(file: string, {inventory}: TestEvidence): boolean {
  return inventory.some((row) => row.file === file && row.base === 'passed');
}

function failure(row: Row, {actors}: TestEvidence, promised: boolean): Finding {
  const fails = row.kind === 'file' ? 'does not load or ends badly' : 'fails';
  return testFinding({
    code: 'TEST_FAILED',
    subject: row.id,
    owners: promised ? actors.forPromisedTest(row.file) : actors.forPath(row.file),
    path: row.file,
    message: `${row.kind === 'file' ? 'The test file' : promised ? 'The promised test' : 'The new test'} ${shownId(row)} ${fails}${shownMessage(row.message)}`,
    hint: 'Make it pass in a clean copy of the merged work.',
  });
}

function regression(row: Row, {actors}: TestEvidence): Finding {
  const what = row.kind === 'file' ? 'loaded on the base and does not load or ends badly now' : 'passed on the base and fails now';
  return testFinding({
    code: 'REGRESSION',
    subject: row.id,
    owners: actors.forChange(),
    path: row.file,
    message: `The ${row.kind} ${shownId(row)} ${what}${shownMessage(row.message)}`,
    hint: 'Change the product so that it passes again; the test itself may not change.',
  });
}

function vanished(row: Row, {actors}: TestEvidence): Finding {
  return testFinding({
    code: 'TESTS_VANISHED',
    subject: row.id,
    owners: actors.forChange(),
    path: row.file,
    message: `The ${row.kind} ${shownId(row)} passed on the base and gave no result now.`,
    hint: 'Let the test run again: look for an early exit, or a name or a file that changed.',
  });
}

function skipped(row: Row, {actors}: TestEvidence, promised: boolean): Finding {
  const word = row.now === 'todo' ? 'todo (or expected to fail)' : 'skipped';
  return testFinding({
    code: 'TEST_SKIPPED',
    subject: row.id,
    owners: promised ? actors.forPromisedTest(row.file) : actors.forChange(),
    path: row.file,
    message: `The test ${shownId(row)} ${row.base === 'passed' ? `passed on the base and is ${word} now` : `is ${word}`}.`,
    hint: 'Let the test run.',
  });
}
