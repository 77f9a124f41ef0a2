import {escapeText} from '../../core/escape.js';
import type {RunState} from '../../record/state.js';

/** One block a run, the newest last. */
export function renderStatus(states: readonly RunState[]): string {
  if (states.length === 0) return 'No runs of this repository yet. `bulkhead run --manifest FILE` starts one.\n';
  return `${states.map(block).join('\n')}\n`;
}

function block(state: RunState): string {
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
