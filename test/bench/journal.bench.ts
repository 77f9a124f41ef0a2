import {spawnSync} from 'node:child_process';
import {readFile, mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {JournalEvent} from '../../src/core/journal.js';
import {Report} from '../../src/core/report.js';
import {foldRun} from '../../src/record/journal/state.js';
import {main} from '../e2e/fixture.js';
import {median, row, type Bench, type Row} from './row.js';

const foldedEvents = 10_000;
const folds = 9;
const demoRuns = 3;
const demoLimitMs = 300_000;

/** What the journal costs: reading a state out of a very long one, and making each event of a run durable. */
export const bench: Bench = async (_args, say) => [await foldRow(say), await syncRow(say)];

async function foldRow(say: (line: string) => void): Promise<Row> {
  const lines = await longJournal();
  const events = lines.map((line) => JournalEvent.parse(JSON.parse(line)));
  const parseMs = median(repeated(() => lines.map((line) => JSON.parse(line) as unknown)));
  const foldMs = median(repeated(() => foldRun(events, 'alive')));
  const state = foldRun(events, 'alive');
  const turns = Object.values(state?.turns ?? {}).reduce((sum, one) => sum + one, 0);
  if (turns < foldedEvents / 20) throw new Error(`the fold saw ${turns} turns in ${events.length} events`);
  say(`${events.length} events, ${turns} turns`);
  return row({name: 'fold_10k_events', value: foldMs, unit: 'ms', atMost: 100, baseline: `JSON.parse of the same lines: ${parseMs.toFixed(1)} ms`});
}

/** The journal of a real run, its middle repeated under new step names until it is long enough. */
async function longJournal(): Promise<readonly string[]> {
  const text = await readFile(join(import.meta.dirname, '../fixtures/journal/version-1.ndjson'), 'utf8');
  const events = text.trimEnd().split('\n').map((line) => JournalEvent.parse(JSON.parse(line)));
  const head = events.slice(0, 2);
  const middle = events.slice(2).filter((event) => event.type !== 'run.closed');
  const long = [...head];
  for (let round = 0; long.length < foldedEvents; round += 1) {
    long.push(...middle.slice(0, foldedEvents - long.length).map((event) => ('step' in event ? {...event, step: `${event.step}${round}`} : event)));
  }
  return long.map((event, seq) => JSON.stringify({...event, seq}));
}

function repeated(work: () => unknown): readonly number[] {
  work();
  return Array.from({length: folds}, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
}

async function syncRow(say: (line: string) => void): Promise<Row> {
  const parts: {readonly syncMs: number; readonly totalMs: number}[] = [];
  for (let run = 1; run <= demoRuns; run += 1) {
    const timings = await demoTimings();
    say(`demo ${run} of ${demoRuns}: ${timings.syncMs} of ${timings.totalMs} ms`);
    parts.push(timings);
  }
  const totals = parts.map((one) => one.totalMs).join(', ');
  return row({name: 'append_fsync_overhead', value: median(parts.map((one) => one.syncMs / one.totalMs)), unit: '×', atMost: 0.05, baseline: `wall time of the same runs: ${totals} ms`});
}

/** Runs the demo with folders of its own. */
async function demoTimings(): Promise<{readonly syncMs: number; readonly totalMs: number}> {
  const home = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  try {
    const env = {...process.env, HOME: home, XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config'), TMPDIR: home};
    const ended = spawnSync(process.execPath, [main, 'demo', '--json'], {env, encoding: 'utf8', timeout: demoLimitMs, maxBuffer: 64 * 1024 * 1024});
    if (ended.status !== 0) throw new Error(`the demo ended with ${String(ended.status)}: ${ended.stderr.slice(-2000)}`);
    const {timings} = Report.loose().parse(JSON.parse(ended.stdout));
    const {total, journalSync} = timings;
    if (total === undefined || journalSync === undefined) throw new Error('the report does not say how long the journal took');
    return {syncMs: journalSync, totalMs: total};
  } finally {
    await rm(home, {recursive: true, force: true});
  }
}
