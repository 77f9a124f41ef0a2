import {escapeText} from '../../core/escape.js';
import type {EngineUsage} from '../../core/sandbox.js';
import type {Size, StateUsage} from '../../record/kept/usage.js';
import type {Restored} from '../../run/sweep/restore.js';
import type {SweepRow} from '../../run/sweep/row.js';

/** What takes the space. */
export interface Usage {
  readonly state: StateUsage;
  readonly budgetBytes: number;
  /** Undefined: the engine was not reached, or did not answer in time. */
  readonly engine: EngineUsage | undefined;
}

/** What `clean` did. */
export interface Cleaned {
  readonly dryRun: boolean;
  /** Empty for `--usage` and `--restore`. */
  readonly rows: readonly SweepRow[];
  /** Why nothing was judged by its age. */
  readonly clockDoubt?: string;
  readonly restored?: Restored;
  readonly usage: Usage;
}

/** One line a thing, then the ways back, then what takes the space. */
export function renderClean({dryRun, rows, clockDoubt, restored, usage}: Cleaned): string {
  return [
    ...(restored === undefined ? [] : [`${restored.runId} is back, with ${restored.refs} refs. \`bulkhead status\` shows it in its repository.`, '']),
    ...table(rows.map((row) => [said(row, dryRun), row.kind, row.name, row.why])),
    ...(rows.length === 0 ? [] : ['']),
    ...(clockDoubt === undefined ? [] : [`Nothing goes by its age now: ${escapeText(clockDoubt)}.`, '']),
    ...waysBack(rows),
    ...renderUsage(usage),
    '',
  ].join('\n');
}

function said({outcome}: SweepRow, dryRun: boolean): string {
  if (outcome === 'failed') return 'FAILED';
  if (!dryRun || outcome === 'kept') return outcome;
  return outcome === 'removed' ? 'would remove' : 'would quarantine';
}

function waysBack(rows: readonly SweepRow[]): readonly string[] {
  const inQuarantine = rows.filter((row) => row.at !== undefined);
  const archives = [...new Set(inQuarantine.filter((row) => row.kind === 'volume').map((row) => row.at ?? ''))];
  const runs = inQuarantine.filter((row) => row.kind === 'run' || row.kind === 'refs').map((row) => row.runId ?? '');
  if (archives.length + runs.length === 0) return [];
  return [
    'In quarantine, for seven days:',
    ...archives.map((at) => `  get the work back: tar -xf ${quoted(at)}`),
    ...runs.map((runId) => `  bring the run back: bulkhead clean --restore ${escapeText(runId)}`),
    '',
  ];
}

function renderUsage({state, budgetBytes, engine}: Usage): readonly string[] {
  const rows = state.stores.map((store): readonly string[] => [store.repository, size(store.objects), size(store.runs), size(store.baseResults), size(store.other)]);
  return [
    ...(rows.length === 0 ? [] : table([['repository', 'objects', 'runs', 'base results', 'other'], ...rows])),
    `State: ${size(state.total)} of ${renderBytes(budgetBytes)}, quarantine ${size(state.quarantine)} of it.`,
    engine === undefined ? 'Engine: not known.' : `Engine: ${engine.volumes.count} volumes with ${renderBytes(engine.volumes.bytes)}, ${engine.containers.count} containers with ${renderBytes(engine.containers.bytes)}${engine.unknown > 0 ? `; of ${engine.unknown} it does not tell the size` : ''}.`,
  ];
}

/** Columns that are as wide as their widest cell; the last one is not filled up. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => escapeText(cell)));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '));
}

function size({bytes, complete}: Size): string {
  return `${complete ? '' : 'at least '}${renderBytes(bytes)}`;
}

/** Bytes in the largest binary unit that leaves a number above one: `512 B`, `3.2 MiB`. */
export function renderBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${units[unit] ?? ''}`;
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  const shown = escapeText(path);
  return /^[A-Za-z0-9_./:@+-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
