import type {SeenTest, TestStatus} from '../tests/results.js';
import {reportLimits, type ReportRows} from './bounded.js';
import {reportedPath, startFileOfName, type FileOfName} from './file-of.js';

/** Children of a `testcase` that say that it failed, also when it passed in the end: a rerun never turns a fail into a pass. */
const failing: ReadonlySet<string> = new Set(['failure', 'error', 'rerunFailure', 'rerunError', 'flakyFailure', 'flakyError']);
/** What runners write into `status` or `result` of a test that did not run. */
const notRun: ReadonlySet<string> = new Set(['notrun', 'disabled', 'skipped', 'ignored', 'suppressed', 'pending']);
/** What they write there of a test that failed. */
const bad: ReadonlySet<string> = new Set(['fail', 'failed', 'failure', 'error', 'errored', 'broken', 'timeout', 'crashed']);

/** A tag as the library gives it; attributes are texts, because namespaces are not asked for. */
interface Plain {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

const known = ['name', 'file', 'filepath', 'classname', 'status', 'result', 'message', 'type', 'failures', 'errors'] as const;

function textsOf(attributes: Plain['attributes']): Tag['attributes'] {
  return Object.fromEntries(known.flatMap((name) => (typeof attributes[name] === 'string' ? [[name, attributes[name]]] : [])));
}

interface Suite {
  readonly name: string;
  readonly file: string | undefined;
  /** Failures and errors that its attributes count, and those that are listed in it. */
  readonly counted: number;
  listed: number;
}

interface Case {
  readonly at: Pick<SeenTest, 'file' | 'path'>;
  readonly depth: number;
  status: TestStatus;
  message: string;
  /** Failures and errors that stand in it. */
  failures: number;
}

/** Makes results of the tags of one report, in order: to be called back by the parser. `promised`: see `file-of.ts`. */
export function startDocument(rows: ReportRows, promised: readonly string[]) {
  const suites: Suite[] = [];
  // The outermost element counts too, and is no suite that a name could have in front.
  let root: Suite | undefined;
  const fileOf = startFileOfName(promised);
  let depth = 0;
  let current: Case | undefined;
  let listening = false;
  let rooted = false;
  const list = (failures: number): void => {
    for (const suite of root === undefined ? suites : [root, ...suites]) suite.listed += failures;
  };
  const openInside = (one: Case, {name, attributes}: Tag): void => {
    if (depth > one.depth + 1) return;
    if (failing.has(name)) {
      one.status = 'failed';
      one.failures += 1;
      one.message ||= attributes['message'] ?? attributes['type'] ?? '';
      listening = one.message === '';
    } else if (name === 'skipped' && one.status === 'passed') one.status = 'skipped';
  };
  return {
    open: ({name, attributes}: Plain): void => {
      const tag = {name, attributes: textsOf(attributes)};
      depth += 1;
      if (depth > reportLimits.depth) rows.fail(`the report is nested deeper than ${reportLimits.depth}`);
      if (depth === 1 && rooted) rows.fail('the report has two roots');
      rooted = true;
      if (depth === 1 && tag.name !== 'testsuites' && tag.name !== 'testsuite') rows.fail('the report is no JUnit XML');
      if (current !== undefined && /^test(?:case|suites?)$/.test(tag.name)) rows.fail('the report has a test inside of a test');
      if (rows.problem !== '') return;
      if (depth === 1 && tag.name === 'testsuites') root = suiteOf(tag, rows);
      if (current !== undefined) openInside(current, tag);
      else if (failing.has(tag.name)) {
        rows.add(brokenSuite(suites.at(-1), tag.attributes['message'] ?? ''));
        list(1);
      } else if (tag.name === 'testsuite') suites.push(suiteOf(tag, rows));
      else if (tag.name === 'testcase') current = {at: placeOf(tag, suites, fileOf), depth, status: ownStatus(tag), message: '', failures: 0};
    },
    text: (text: string): void => {
      if (listening && current !== undefined) current.message = (current.message + text).slice(0, reportLimits.nameLength);
    },
    close: (name: string): void => {
      if (current !== undefined && depth === current.depth + 1) listening = false;
      if (current !== undefined && depth === current.depth) {
        if (current.status === 'failed') list(Math.max(1, current.failures));
        rows.add({kind: 'test', ...current.at, status: current.status, ...(current.status === 'failed' ? {message: current.message.trim().slice(0, reportLimits.nameLength)} : {})});
        current = undefined;
      } else if (current === undefined && (name === 'testsuite' || depth === 1)) {
        const suite = name === 'testsuite' ? suites.pop() : root;
        const hidden = suite === undefined ? 0 : suite.counted - suite.listed;
        if (hidden > 0) {
          rows.add(brokenSuite(suite, 'its report counts failures that it does not list'));
          list(hidden);
        }
      }
      depth -= 1;
    },
  };
}

/** What the attributes of a test say of it, in the dialects that say it there. */
function ownStatus({attributes}: Tag): TestStatus {
  const words = [attributes['status'], attributes['result']].map((word) => (word ?? '').toLowerCase());
  if (words.some((word) => bad.has(word))) return 'failed';
  return words.some((word) => notRun.has(word)) ? 'skipped' : 'passed';
}

/** A suite that says of itself that it failed, or counts more failures than it lists: a file did not load or one is hidden, as far as anybody can tell. */
function brokenSuite(suite: Suite | undefined, message: string): SeenTest {
  return {kind: 'file', file: suite?.file ?? (suite?.name || '(no file)'), path: [], status: 'failed', message: message.slice(0, reportLimits.nameLength)};
}

function suiteOf({attributes}: Tag, rows: ReportRows): Suite {
  const count = (name: string): number => {
    const value = attributes[name] ?? '';
    if (value !== '' && !/^\d{1,9}$/.test(value)) rows.fail(`the report counts its ${name} in a way that is no number`);
    return Number(value) || 0;
  };
  const file = attributes['file'] ?? attributes['filepath'];
  return {name: attributes['name'] ?? '', file: file === undefined || file === '' ? undefined : reportedPath(file), counted: count('failures') + count('errors'), listed: 0};
}

function placeOf({attributes}: Tag, suites: readonly Suite[], fileOf: FileOfName): Pick<SeenTest, 'file' | 'path'> {
  const own = attributes['file'];
  const named = own === undefined || own === '' ? suites.findLast((suite) => suite.file !== undefined)?.file : reportedPath(own);
  const className = attributes['classname'] ?? '';
  const suiteName = suites.at(-1)?.name ?? '';
  const file = named ?? fileOf(className) ?? fileOf(suiteName) ?? ([className, suiteName].find((name) => name !== '') ?? '(no file)');
  // The outermost name is that of the runner or of the file, as a rule.
  const around = suites.slice(1).map((suite) => suite.name);
  const path = [...around, className === file ? '' : className, attributes['name'] ?? ''].filter((part) => part !== '');
  return {file, path: path.length > 0 ? path : ['(no name)']};
}
