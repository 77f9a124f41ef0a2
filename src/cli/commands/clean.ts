import {Flags} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import type {EngineUsage, SandboxEngine} from '../../core/sandbox.js';
import {readConfig, type Config} from '../../project/config.js';
import {measureState} from '../../record/kept/usage.js';
import {restoreRun} from '../../run/sweep/restore.js';
import {sweep} from '../../run/sweep/sweep.js';
import {homeOf} from '../../run/sweep/world.js';
import {BulkheadCommand, type Context} from '../command.js';
import {stateHome, userConfigFile} from '../places.js';
import {renderClean, type Cleaned, type Usage} from '../render/clean.js';
import {openStoreRepository, wireEngine, wireSweep} from '../wire.js';

/** Age from which something that no run vouches for is old, unless the user says another one: no run takes a day. */
const defaultAgeMs = 24 * 3_600_000;
/** How long the engine may measure: it walks each volume that it has. */
const measureMs = 20_000;

/** `clean`: removes what no run needs any more, from the engine and the state folder, and never on doubt. */
export default class Clean extends BulkheadCommand<Cleaned> {
  static override summary = 'remove what no run needs any more';
  static override description =
    'Goes by the labels of Bulkhead and the journals of all its runs. What belongs to a run that lives or can go on stays, and so does work that was not delivered. Work that no commit has is put into quarantine before it is removed, for seven days.';
  static override flags = {
    'dry-run': Flags.boolean({description: 'only say what would be done', exclusive: ['restore']}),
    'older-than': Flags.string({helpValue: 'AGE', description: 'such as 12h, 7d or 2w; also puts delivered runs of that age into quarantine (default for the rest: 24h)', exclusive: ['restore', 'usage']}),
    unknown: Flags.boolean({description: 'also what no journal on this machine knows, when it is old enough', exclusive: ['restore', 'usage']}),
    usage: Flags.boolean({description: 'only say what takes the space'}),
    restore: Flags.string({helpValue: 'RUN', description: 'bring a run back out of quarantine'}),
  };

  async run(): Promise<Cleaned> {
    const {flags} = await this.parse(Clean);
    const context = this.context(flags);
    const olderThanMs = flags['older-than'] === undefined ? undefined : parseAge(flags['older-than']);
    const config = await readConfig({repositoryRoot: context.directory, userConfigFile: userConfigFile(process.env), signal: context.signal});
    return this.finish(await clean(context, config, {...flags, olderThanMs, dryRun: flags['dry-run']}));
  }

  protected render(result: Cleaned): string {
    return renderClean(result);
  }

  protected override exitCode({rows}: Cleaned): number {
    return rows.some((row) => row.outcome === 'failed') ? 3 : 0;
  }
}

interface Asked {
  readonly dryRun: boolean;
  readonly olderThanMs: number | undefined;
  readonly unknown: boolean;
  readonly usage: boolean;
  readonly restore: string | undefined;
}

async function clean({engine: flag, signal}: Context, config: Config, asked: Asked): Promise<Cleaned> {
  const {dryRun, olderThanMs, unknown} = asked;
  const place = {stateHome: stateHome(process.env), openRepository: openStoreRepository};
  const connect = (): Promise<SandboxEngine> => wireEngine({flag, config, signal});
  if (asked.restore !== undefined) {
    const restored = await restoreRun(place, asked.restore, signal);
    return {dryRun: false, rows: [], restored, usage: await measure(await unlessUnreachable(connect), config, signal)};
  }
  if (asked.usage) return {dryRun, rows: [], usage: await measure(await unlessUnreachable(connect), config, signal)};
  const engine = await connect();
  const {rows, clockDoubt} = await sweep(wireSweep(engine), {olderThanMs: olderThanMs ?? defaultAgeMs, runs: olderThanMs !== undefined, unknown, patient: true, dryRun}, signal);
  return {dryRun, rows, ...(clockDoubt === undefined ? {} : {clockDoubt}), usage: await measure(engine, config, signal)};
}

async function measure(engine: SandboxEngine | undefined, config: Config, signal: AbortSignal): Promise<Usage> {
  const measured = engine?.usage(AbortSignal.any([signal, AbortSignal.timeout(measureMs)])).catch((): EngineUsage | undefined => {
    signal.throwIfAborted();
    return undefined;
  });
  return {state: await measureState(homeOf({stateHome: stateHome(process.env)})), budgetBytes: config.disk.budgetGiB.value * 1024 ** 3, engine: await measured};
}

async function unlessUnreachable(connect: () => Promise<SandboxEngine>): Promise<SandboxEngine | undefined> {
  return connect().catch(() => undefined);
}

function parseAge(text: string): number {
  const [, count, unit] = /^(\d{1,4})([hdw])$/.exec(text) ?? [];
  const hours = {h: 1, d: 24, w: 7 * 24}[unit ?? ''];
  if (count === undefined || hours === undefined) throw new AppError('USAGE', `--older-than: \`${text}\` is no age.`, {hint: 'For example 12h, 7d or 2w.'});
  return Number(count) * hours * 3_600_000;
}
