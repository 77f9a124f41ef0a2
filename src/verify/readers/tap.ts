import type {SeenTest, TestStatus} from '../tests/results.js';
import type {ResultStream} from '../tests/stream.js';
import {reportLimits, resultsOf, startRows, type ReportRows} from './bounded.js';
import {reportedPath, startFileOfName, type FileOfName} from './file-of.js';

/** Longest line that is looked at, bytes. A longer one is output, or a report that will not add up. */
const maxLineBytes = 64 * 1024;

/**
 * Reads a report in the Test Anything Protocol (13 and 14, with sub-tests) as it comes: from a file, or from what the
 * command prints, between other output. Written on the side of the code under test, so the class is `own-report`. It
 * is complete with a plan that fits; a bail-out, a missing plan or an open block leaves it without a word on success.
 * The file of a test is its outermost sub-test where that is a path or can only mean one of `promised`. It never throws.
 */
export function startTapReader(promised: readonly string[]): ResultStream {
  const rows = startRows();
  const utf8 = new TextDecoder('utf-8');
  const report = startReport(rows, promised);
  let line: Buffer[] = [];
  let length = 0;
  const finish = (): void => {
    if (length > 0 && length <= maxLineBytes) report.line(utf8.decode(Buffer.concat(line)).trimEnd());
    line = [];
    length = 0;
  };
  return {
    push: (chunk) => {
      let from = 0;
      while (from < chunk.length && rows.problem === '') {
        const at = chunk.indexOf(10, from);
        const part = chunk.subarray(from, at === -1 ? chunk.length : at);
        length += part.length;
        if (length <= maxLineBytes) line.push(Buffer.from(part));
        else line = [];
        if (at === -1) return;
        finish();
        from = at + 1;
      }
    },
    end: () => {
      finish();
      report.end();
      return resultsOf(rows);
    },
  };
}

/** One level of sub-tests. Its results wait for the name that stands behind them. */
interface Level {
  readonly seen: SeenTest[];
  count: number;
  plan: number | undefined;
  /** The name that a comment or an opening brace gave before. */
  name: string | undefined;
}

interface Point {
  readonly status: TestStatus;
  readonly name: string;
  /** Its sub-tests follow in braces. */
  readonly opens: boolean;
}

const newLevel = (name?: string): Level => ({seen: [], count: 0, plan: undefined, name});

function startReport(rows: ReportRows, promised: readonly string[]) {
  const levels: Level[] = [newLevel()];
  /** Points whose sub-tests are in braces, from the outside in; undefined where they stand in front. */
  let opened: readonly (Point | undefined)[] = [];
  let yaml: string | undefined;
  let announced: string | undefined;
  let kept = 0;
  const close = (): void => {
    const inner = levels.pop();
    const outer = levels.at(-1);
    if (inner === undefined || outer === undefined) return;
    append(outer.seen, under(inner, inner.name ?? '(no name)'));
  };
  const point = (depth: number, found: Point): void => {
    const inner = levels.length > depth + 1 ? levels.pop() : undefined;
    const level = levels[depth];
    if (level === undefined) return;
    level.count += 1;
    kept += 1;
    if (kept > reportLimits.results) rows.fail(`the report has more than ${reportLimits.results} results`);
    if (found.opens) {
      levels.push(newLevel(found.name));
      opened = [...opened.slice(0, depth), found];
    } else append(level.seen, joined(inner, found));
  };
  const brace = (depth: number): void => {
    const found = opened[depth];
    if (found === undefined || levels.length !== depth + 2) return;
    opened = opened.slice(0, depth);
    append(levels[depth]?.seen ?? [], joined(levels.pop(), found));
  };
  const line = (text: string): void => {
    const indent = text.length - text.trimStart().length;
    const body = text.slice(indent);
    if (yaml !== undefined || (body === '---' && indent % 4 === 2)) {
      yaml = yaml === undefined ? text : text === yaml.replace('---', '...') ? undefined : yaml;
      return;
    }
    const depth = indent / 4;
    const subtest = /^# Subtest: (.*)$/s.exec(body)?.[1];
    if (subtest !== undefined) {
      if (depth === levels.length && depth <= reportLimits.depth) levels.push(newLevel(announced));
      announced = subtest;
    }
    if (/^Bail out!/i.test(body)) rows.fail('the report bails out');
    const [plan, found] = [/^1\.\.(\d{1,9})(?=\s|$)/.exec(body)?.[1], pointOf(body)];
    if (body === '}' && Number.isInteger(depth)) brace(depth);
    if ((plan === undefined && found === undefined) || !Number.isInteger(depth) || depth > levels.length || depth > reportLimits.depth) return;
    // Of what comes only these lines are kept, so only they are counted.
    if (!rows.take(text.length)) return;
    if (depth === levels.length) levels.push(newLevel(announced));
    while (levels.length > depth + 2) close();
    if (plan !== undefined) planAt(levels, depth, Number(plan), rows);
    if (found !== undefined) point(depth, found);
  };
  return {
    line,
    end: (): void => {
      if (levels.length > 1 || yaml !== undefined) rows.fail('the report ends in the middle');
      while (levels.length > 1) close();
      const [root] = levels;
      if (root?.plan === undefined) rows.fail('the report has no plan');
      else if (root.plan !== root.count) rows.fail(`the report plans ${root.plan} results and has ${root.count}`);
      const [known, fileOf] = [new Set(promised), startFileOfName(promised)];
      for (const test of root?.seen ?? []) rows.add(placed(test, known, fileOf));
    },
  };
}

function planAt(levels: readonly Level[], depth: number, plan: number, rows: ReportRows): void {
  const level = levels[depth];
  if (level === undefined) return;
  if (level.plan === undefined) level.plan = plan;
  else if (depth === 0) rows.fail('the report has two plans');
}

function pointOf(body: string): Point | undefined {
  const found = /^(not )?ok(?![\w-])(.*)$/s.exec(body);
  if (found === null) return undefined;
  const [, not, rest = ''] = found;
  const opens = /\{$/.test(rest);
  const hash = /(?<!\\)#/.exec(rest)?.index ?? rest.length;
  const name = rest.slice(0, hash).replace(/^\s*\d+/, '').replace(/^\s*-\s/, '').replace(/\\([#\\])/g, '$1').replace(/\{$/, '').trim();
  const directive = /^#\s*(skip|todo)/i.exec(rest.slice(hash))?.[1]?.toLowerCase();
  const status = directive === 'skip' ? 'skipped' : directive === 'todo' ? 'todo' : not === undefined ? 'passed' : 'failed';
  return {status, name: name === '' ? '(no name)' : name, opens};
}

/** The result of a point: its own, or those of its sub-tests, which say more. */
function joined(inner: Level | undefined, {status, name}: Point): readonly SeenTest[] {
  const below = inner === undefined || (inner.count === 0 && inner.plan === undefined) ? [] : under(inner, name);
  if (below.length === 0) return [row([name], status)];
  const alone = status === 'failed' && below.every((test) => test.status !== 'failed');
  // A todo or skip of the whole says that its parts prove nothing.
  if (status === 'skipped' || status === 'todo') return below.map((test) => ({...test, status}));
  return alone ? [...below, row([name, '(suite)'], 'failed')] : below;
}

function under({seen, plan, count}: Level, name: string): readonly SeenTest[] {
  const rows = seen.map((test) => ({...test, path: [name, ...test.path]}));
  return plan === count ? rows : [...rows, row([name, '(plan)'], 'failed')];
}

function row(path: readonly string[], status: TestStatus): SeenTest {
  return {kind: 'test', file: '', path: [...path], status, ...(status === 'failed' ? {message: 'not ok'} : {})};
}

/** One by one: so many results do not fit into the arguments of one call. */
function append(to: SeenTest[], more: readonly SeenTest[]): void {
  for (const test of more) to.push(test);
}

function placed(test: SeenTest, promised: ReadonlySet<string>, fileOf: FileOfName): SeenTest {
  const [first = '', ...rest] = test.path;
  const path = reportedPath(first);
  if (rest.length > 0 && (promised.has(path) || /^[^\s]+\.[A-Za-z]{1,5}$/.test(path))) return {...test, file: path, path: rest};
  const meant = fileOf(first.split(' › ', 1)[0] ?? first);
  return {...test, file: meant ?? '(no file)'};
}
