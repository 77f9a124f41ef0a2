import {escapeText} from '../../core/escape.js';
import {paint} from './error.js';

interface Probe {
  readonly name: string;
  readonly outcome: 'ok' | 'warn' | 'fail';
  readonly message: string;
  readonly fix?: string | undefined;
}

const colours = {ok: 'green', warn: 'yellow', fail: 'red'} as const;

/** One line a probe, and the command that fixes what is not right below it. */
export function renderProbes(probes: readonly Probe[]): string {
  const width = Math.max(...probes.map((probe) => probe.name.length));
  const lines = probes.flatMap((probe) => [
    `${paint(colours[probe.outcome], probe.outcome.padEnd(4))}  ${probe.name.padEnd(width)}  ${escapeText(probe.message)}`,
    ...(probe.fix === undefined || probe.outcome === 'ok' ? [] : [`      ${' '.repeat(width)}  fix: ${escapeText(probe.fix)}`]),
  ]);
  return `${lines.join('\n')}\n`;
}
