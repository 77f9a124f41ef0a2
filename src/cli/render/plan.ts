import {escapeText} from '../../core/escape.js';
import type {PlannedStream, TaskPlan} from '../draft/plan-task.js';

/** Most globs of a scope that are printed; `--json` has all. */
const maxGlobs = 6;

/** The plan for a person: task, streams with their scopes, budgets; then the draft, or where it was written. */
export function renderPlan(plan: TaskPlan & {readonly draftFile: string | undefined}): string {
  const {limits, maxParallel, maxTurns, repairRounds, model} = plan.budgets;
  const lines = [
    `task     ${escapeText(plan.task.split('\n')[0] ?? '')}`,
    ...aroundLines(plan),
    `base     ${plan.base.slice(0, 12)}`,
    `image    ${escapeText(plan.image)}`,
    `boxes    ${limits.memoryMiB} MiB, ${limits.cpus} CPUs, ${limits.pids} processes, ${limits.diskMiB} MiB and ${limits.inodes} files to write each; at most ${maxParallel} at a time`,
    `budgets  ${maxTurns} turns of ${escapeText(model.name)} a phase, ${model.maxTokens} output tokens a turn, ${repairRounds} rounds of repair`,
    'streams, in the order in which they are merged:',
    ...plan.streams.flatMap(streamLines),
    ...plan.notes.map((note) => escapeText(note)),
    ...draftLines(plan),
  ];
  return `${lines.join('\n')}\n`;
}

function aroundLines({around}: TaskPlan): readonly string[] {
  if (around === undefined) return [];
  const {path, id, spec, assigned} = around;
  return [
    `from     ${escapeText(path)}#${escapeText(id)}`,
    ...(spec === undefined ? [] : [`spec     ${escapeText(spec.path)}${spec.goal === '' ? '' : `: ${oneLine(spec.goal)}`}`]),
    ...(spec === undefined || spec.outOfScope.length === 0 ? [] : [`         leaves out: ${spec.outOfScope.slice(0, maxGlobs).map(oneLine).join('; ')}`]),
    ...(assigned?.specialist === undefined ? [] : [`given to ${oneLine(assigned.specialist)} (${escapeText(assigned.path)})`]),
    ...(assigned === undefined || assigned.standards.length === 0 ? [] : [`by       ${shortList(assigned.standards)}`]),
  ];
}

/** Of a stranger's file, so escaped and short. */
function oneLine(text: string): string {
  const line = escapeText(text.replace(/\s+/g, ' '));
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

function streamLines(stream: PlannedStream): readonly string[] {
  const taken = [...new Set([...stream.write, ...stream.within].filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1)))];
  return [
    `  ${escapeText(stream.specialist)}  (at most ${stream.contextTokens} tokens of context)`,
    `    delivers  ${stream.owns.length === 0 ? 'what the manifest will name' : shortList(stream.owns)}`,
    `    may write ${shortList(stream.write.filter((glob) => !glob.startsWith('!')))}`,
    ...(taken.length === 0 ? [] : [`    but not   ${shortList(taken)}`]),
  ];
}

function draftLines({draft, draftFile}: TaskPlan & {readonly draftFile: string | undefined}): readonly string[] {
  if (draft === undefined) return [];
  const open = draft.open.map((entry) => `fill in  ${escapeText(entry)}`);
  return draftFile === undefined ? [...open, '', draft.text.trimEnd()] : [...open, `written  ${escapeText(draftFile)}`];
}

function shortList(entries: readonly string[]): string {
  // The short ones say most; the long ones are the same for deeper folders.
  const shown = [...entries].sort((a, b) => a.length - b.length).slice(0, maxGlobs).map((entry) => escapeText(entry)).join(', ');
  return entries.length <= maxGlobs ? shown : `${shown}, and ${entries.length - maxGlobs} more`;
}
