import {escapeText} from '../../core/escape.js';
import type {WrittenFile} from '../../project/new-file.js';
import type {Stack} from '../../project/stack/fact.js';
import {stackLines} from './stack.js';

/** What was seen, what was written, and what comes next. */
export function renderInit(result: {readonly stack: Stack; readonly image: string; readonly testCommand: readonly string[] | null; readonly written: readonly WrittenFile[]}): string {
  const lines = [
    ...stackLines(result.stack),
    '',
    ...result.written.map(({path, outcome}) => `${outcome} ${path}`),
    `image ${escapeText(result.image)}; tests: ${result.testCommand === null ? 'no command was seen' : `${escapeText(result.testCommand.join(' '))} (for a manifest)`}`,
    'Next: `bulkhead plan "what to do"` drafts a manifest, `bulkhead config` shows what holds.',
  ];
  return `${lines.join('\n')}\n`;
}
