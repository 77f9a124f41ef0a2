import {readFile} from 'node:fs/promises';
import {Report} from '../../core/report.js';
import {writeDurably} from '../../record/durable.js';
import {openJournal} from '../../record/journal/journal.js';
import {renderReportMarkdown} from '../../record/report-markdown.js';
import type {DeliverRequest} from './deliver.js';

/**
 * Records, before anything is delivered, that a person takes what is not verified, and why: in the journal, which nothing
 * takes back, and in the report. A cancelled run has no report.
 */
export async function recordOverride({files, rooms, now}: Pick<DeliverRequest, 'files' | 'rooms' | 'now'>, {commit, reason}: {readonly commit: string; readonly reason: string}): Promise<void> {
  await using journal = await openJournal(files.journal, {now, redact: rooms.redact});
  const event = await journal.append({type: 'run.overridden', commit, reason});
  const text = await readFile(files.reportJson, 'utf8').catch(() => undefined);
  const report = text === undefined ? undefined : Report.safeParse(JSON.parse(text)).data;
  if (report === undefined) return;
  const overridden: Report = {...report, override: {at: event.at, reason: event.reason, commit}};
  await writeDurably(files.reportJson, `${JSON.stringify(overridden, null, 2)}\n`);
  await writeDurably(files.reportMarkdown, renderReportMarkdown(overridden));
}
