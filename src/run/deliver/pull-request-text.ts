import {readFile} from 'node:fs/promises';
import {escapeText} from '../../core/escape.js';
import {readEvents} from '../../record/journal/journal.js';
import type {RunFiles} from '../../record/store.js';
import {openedWith} from '../open.js';

/** Title and body of a pull request: the task, and the report for people. A run that was cancelled has no report. */
export async function pullRequestText(files: RunFiles, {verified}: {readonly verified: boolean}): Promise<{readonly title: string; readonly body: string}> {
  const {task} = openedWith(await readEvents(files.journal));
  const title = escapeText((task.split('\n')[0] ?? '').replace(/\s+/g, ' ').trim());
  const report = await readFile(files.reportMarkdown, 'utf8').catch(() => '');
  return {title: `${verified ? '' : 'Not verified: '}${title === '' ? files.runId : title}`, body: report === '' ? `Run ${files.runId}.\n` : report};
}
