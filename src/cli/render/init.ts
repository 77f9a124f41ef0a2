import {escapeText} from '../../core/escape.js';
import type {SeenAgentOs} from '../../project/agent-os/seen.js';
import type {WrittenFile} from '../../project/new-file.js';
import {testCommandsBelow} from '../../project/stack/choose.js';
import type {Stack} from '../../project/stack/fact.js';
import {stackLines} from './stack.js';

interface Seen {
  readonly stack: Stack;
  readonly agentOsFolders: readonly SeenAgentOs[];
  readonly nextTask: {readonly path: string; readonly id: string} | null;
  readonly image: string;
  readonly testCommand: readonly string[] | null;
  readonly written: readonly WrittenFile[];
}

/** What was seen, what was written, and what comes next. */
export function renderInit(result: Seen, {directory}: {readonly directory?: string} = {}): string {
  const where = directory === undefined ? '' : ` -C ${escapeText(directory)}`;
  const lines = [
    ...result.agentOsFolders.map(agentOsLine),
    ...stackLines(result.stack),
    '',
    ...result.written.map(({path, outcome}) => `${outcome} ${path}`),
    `image ${escapeText(result.image)}; tests: ${result.testCommand === null ? `no command ${testCommandsBelow(result.stack).length === 0 ? 'was seen' : 'for the whole was seen'}` : `${escapeText(result.testCommand.join(' '))} (for a manifest)`}`,
    `Next: \`bulkhead plan ${nextPlan(result.nextTask)}${where}\` drafts a manifest, \`bulkhead config${where}\` shows what holds.`,
  ];
  return `${lines.join('\n')}\n`;
}

const generations = {v1: '1.x or a fork', v2: '2.x', v3: '3.x', 'spec-kit': "GitHub's spec-kit", unknown: 'not committed yet'} as const;

function agentOsLine({path, generation, specs, tasks}: SeenAgentOs): string {
  return `${'agent os'.padEnd(15)}  ${'likely'.padEnd(7)}  ${escapeText(path)}  (${generations[generation]}: ${count(specs, 'spec')}, ${count(tasks.length, 'list')} of tasks)`;
}

function nextPlan(task: Seen['nextTask']): string {
  const from = task === null ? '' : `${task.path}#${task.id}`;
  // A shell would read more than a name in anything else.
  return /^[\w./-]+#[\w./-]+$/.test(from) ? `--from ${from}` : '"what to do"';
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
