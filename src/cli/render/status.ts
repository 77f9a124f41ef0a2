import {escapeText} from '../../core/escape.js';
import type {RunState} from '../../record/state.js';

/** A run by its journal, or one whose journal cannot be read. */
export type Row = RunState | {readonly runId: string; readonly status: 'damaged'; readonly message: string};

/** One block a run, the newest last. */
export function renderStatus(rows: readonly Row[]): string {
  if (rows.length === 0) return 'No runs of this repository yet. `bulkhead run --manifest FILE` starts one.\n';
  return `${rows.map(block).join('\n')}\n`;
}

function block(state: Row): string {
  if (state.status === 'damaged') return `${state.runId}  damaged  ${escapeText(state.message)}\n  drop it: bulkhead discard ${state.runId}`;
  const turns = Object.entries(state.turns).map(([name, count]) => `${escapeText(name)} ${count}`);
  return [
    `${state.runId}  ${state.status}  ${escapeText(state.task.split('\n')[0] ?? '')}`,
    ...(turns.length === 0 ? [] : [`  turns          ${turns.join(', ')}`]),
    ...state.verifications.map((one) => `  verification ${one.round + 1} ${one.verdict}${one.findings > 0 ? `, ${one.findings} findings` : ''}`),
    ...(state.under.length > 0 && state.status !== 'running' ? [`  interrupted in ${state.under.map((step) => escapeText(step)).join(', ')}`] : []),
    ...(state.under.length > 0 && state.status === 'running' ? [`  now            ${state.under.map((step) => escapeText(step)).join(', ')}`] : []),
    ...(state.branch === undefined ? [] : [`  branch         ${escapeText(state.branch)}`]),
    ...wayOn(state),
  ].join('\n');
}

function wayOn(state: RunState): readonly string[] {
  if (state.status === 'interrupted' || state.status === 'parked') return [`  go on: bulkhead resume ${state.runId}   drop it: bulkhead discard ${state.runId}`];
  return [];
}
