import {escapeText} from '../../core/escape.js';
import type {Detached} from '../drive/detach.js';

/** That a run goes on by itself, and how to look after it. */
export function renderDetached({runId, pid, log}: Detached, {directory}: {readonly directory?: string}): string {
  const run = `${runId}${directory === undefined ? '' : ` -C ${escapeText(directory)}`}`;
  const lines = [
    `${runId} is under way in process ${pid}; this terminal may go.`,
    `  how far it is     bulkhead status ${run}`,
    `  follow it         bulkhead logs ${run} -f`,
    `  stop it for now   bulkhead park ${run}`,
    `  end it for good   bulkhead cancel ${run}`,
    `  what it prints    ${escapeText(log)}`,
  ];
  return `${lines.join('\n')}\n`;
}
