import type {FindingCode} from '../../core/codes.js';
import {escapeText} from '../../core/escape.js';
import {finding, type EvidenceClass, type Finding} from '../../core/finding.js';
import type {Manifest} from '../../core/manifest.js';
import type {Actors} from '../owners.js';
import type {Inventory, Row} from './inventory.js';
import type {SuiteRun} from './results.js';

/** All that a verdict on tests is made from. */
export interface TestEvidence {
  readonly manifest: Manifest;
  readonly tests: NonNullable<Manifest['tests']>;
  readonly inventory: Inventory;
  readonly base: SuiteRun;
  /** The base with the new tests; undefined when no test was wanted or no promised test file exists. */
  readonly before: SuiteRun | undefined;
  readonly merged: SuiteRun;
  readonly actors: Actors;
}

/** A finding of the check of tests. */
export interface TestFinding {
  readonly code: FindingCode;
  /** Makes the id unique: the test's key, the file, or nothing. */
  readonly subject: string;
  readonly owners: readonly string[];
  readonly path?: string | undefined;
  readonly message: string;
  readonly hint: string;
  readonly class?: EvidenceClass;
  readonly detail?: string;
}

/** Builds a finding whose id is `tests:CODE:subject`, so that two tests of one file have two. */
export function testFinding(fields: TestFinding): Finding {
  const detail = fields.detail === undefined || fields.detail === '' ? {} : {detail: fields.detail};
  const built = finding({
    code: fields.code,
    check: 'tests',
    owners: [...fields.owners],
    ...(fields.path === undefined ? {} : {path: fields.path}),
    message: fields.message,
    hint: fields.hint,
    evidence: {class: fields.class ?? 'in-process', ...detail},
  });
  return {...built, id: `tests:${fields.code}:${escapeText(fields.subject).slice(0, 400)}`};
}

/** A test's id as it is shown: escaped and bounded. */
export function shownId(row: Row): string {
  return `\`${escapeText(row.id).slice(0, 300)}\``;
}

/** The start of a failure's text on one line with `: ` in front, escaped and bounded; empty when there is none. */
export function shownMessage(message: string): string {
  // Assertion messages have the values two lines below their headline.
  const lines = message.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return lines.length === 0 ? '' : `: ${escapeText(lines.slice(0, 3).join(' ')).slice(0, 300)}`;
}
