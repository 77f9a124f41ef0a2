import {parseArgs} from 'node:util';
import {socket} from '../e2e/fixture.js';
import {fillDisk} from './crash/disk.js';
import {killEngine} from './crash/engine.js';
import {killDriver} from './crash/kill.js';
import {measureReference, type Lab} from './crash/lab.js';
import {startOwnEngine, type OwnEngine} from './crash/machine/engine.js';
import {allPoints, kinds, pointName, samplePoints, type Point} from './crash/points.js';
import {cutPower} from './crash/power.js';
import {addResult, readResults, renderResult, renderTable, type Result} from './crash/results.js';
import type {PointEnd} from './crash/settle.js';
import {startSite, type Site} from './crash/site.js';
import type {Soak} from './main.js';

const say = (text: string): void => void process.stdout.write(text);

/**
 * Disturbs the same run at each point of a table, lets it go on, and compares its end with that of an undisturbed run.
 * `--only KIND`, `--points N` (a sample), `--seed S`, `--shard i/n` (every n-th point), `--continue FILE` (adds to the
 * results in that file and skips what it has). Full disks and power cuts mount loop devices, engine kills start a second
 * dockerd: these need root.
 */
export const soak: Soak = async (args) => {
  const flags = readFlags(args);
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      interrupted.abort(new Error(name));
    });
  }
  const earlier = flags.file === undefined ? [] : await readResults(flags.file);
  const reference = await measureReference(socket, interrupted.signal);
  say(`undisturbed: ${reference.verdict}, tree ${reference.tree}, ${reference.events.length} events, ${reference.submissions.length} submissions, ${(reference.durationMs / 1000).toFixed(1)} s\n`);
  const lab: Lab = {reference, socket, signal: interrupted.signal};
  const chosen = choosePoints(reference.events.length, flags);
  const isDone = (point: Point): boolean => earlier.some((one) => one.kind === point.kind && one.point === pointName(point));
  const results: Result[] = earlier.filter((one) => chosen.some((point) => point.kind === one.kind && pointName(point) === one.point));
  await using engines = lendEngine(lab);
  for (const point of chosen.filter((one) => !isDone(one))) {
    const result = await tryPoint(lab, point, engines);
    if (interrupted.signal.aborted) break;
    results.push(result);
    say(renderResult(result));
    if (flags.file !== undefined) await addResult(flags.file, result);
  }
  say(renderTable(results));
  interrupted.signal.throwIfAborted();
  return {seen: results.length, failed: results.filter((one) => !one.ok).length};
};

interface SoakFlags {
  readonly shard: readonly [number, number];
  readonly file: string | undefined;
  readonly only: string | undefined;
  readonly points: number | undefined;
  readonly seed: number;
}

function readFlags(args: readonly string[]): SoakFlags {
  const text = {type: 'string'} as const;
  const {values} = parseArgs({args: [...args], options: {shard: text, continue: text, only: text, points: text, seed: text}});
  const [, index = '1', of = '1'] = /^(\d+)\/(\d+)$/.exec(values.shard ?? '1/1') ?? [];
  const wrong = (values.shard !== undefined && (Number(index) < 1 || Number(index) > Number(of))) || (values.only !== undefined && !kinds.some((kind) => kind === values.only));
  if (wrong) throw new Error(`--shard is i/n with i from 1 to n; --only is one of ${kinds.join(', ')}`);
  return {
    shard: [Number(index), Number(of)],
    file: values.continue,
    only: values.only,
    points: values.points === undefined ? undefined : numberOf('--points', values.points),
    seed: values.seed === undefined ? 1 : numberOf('--seed', values.seed),
  };
}

function numberOf(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${flag} ${text}: not a number`);
  return Number(text);
}

function choosePoints(events: number, {shard: [index, of], only, points, seed}: SoakFlags): readonly Point[] {
  const ofKind = allPoints(events, seed).filter((point) => only === undefined || point.kind === only);
  const sampled = points === undefined ? ofKind : samplePoints(ofKind, points, seed);
  return sampled.filter((_, place) => place % of === index - 1);
}

/** The engine that is killed is started for the first point that needs it. */
interface Engines extends AsyncDisposable {
  take(): Promise<OwnEngine>;
}

function lendEngine(lab: Lab): Engines {
  let engine: Promise<OwnEngine> | undefined;
  return {
    take: () => (engine ??= startOwnEngine(lab.socket, lab.signal)),
    [Symbol.asyncDispose]: async () => (await engine?.catch(() => undefined))?.[Symbol.asyncDispose](),
  };
}

async function tryPoint(lab: Lab, point: Point, engines: Engines): Promise<Result> {
  const engine = point.kind === 'engine' ? await engines.take() : undefined;
  const started = performance.now();
  await using site = await startSite(engine?.socket ?? lab.socket, lab.signal);
  const failed = (error: unknown): Partial<PointEnd> => ({differs: [error instanceof Error ? (error.stack ?? error.message) : String(error)]});
  const {differs = [], stoppedAt} = await disturb(lab, {site, point, engine}).catch(failed);
  const ok = differs.length === 0;
  if (ok || lab.signal.aborted) await site.remove();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return {kind: point.kind, point: pointName(point), seconds, ok, ...(stoppedAt === undefined ? {} : {stoppedAt}), differs: [...differs], ...(ok ? {} : {kept: site.project.home})};
}

async function disturb(lab: Lab, {site, point, engine}: {readonly site: Site; readonly point: Point; readonly engine: OwnEngine | undefined}): Promise<PointEnd> {
  if (point.kind === 'kill') return killDriver(lab, site, point.at);
  if (point.kind === 'disk') return fillDisk(lab, site, point.at);
  if (point.kind === 'power') return cutPower(lab, site, point.at);
  if (engine === undefined) throw new TypeError('an engine kill without an engine');
  return killEngine(lab, site, {engine, point});
}
