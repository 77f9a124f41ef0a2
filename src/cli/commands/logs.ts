import {Args, Flags} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import type {JournalEvent} from '../../core/journal.js';
import {readEvents} from '../../record/journal/journal.js';
import type {RunFiles} from '../../record/store.js';
import {readState} from '../../run/open.js';
import {BulkheadCommand} from '../command.js';
import {followRun, outcomeOf} from '../drive/follow-run.js';
import {readRun} from '../project-context.js';
import {concerns, specialistOf, startTranscript} from '../render/logs.js';
import {fullCut, shortCut} from '../render/tool-call.js';

/** `logs RUN [SPECIALIST]`: what was said, asked and answered, by the journal alone. */
export default class Logs extends BulkheadCommand<readonly JournalEvent[] | undefined> {
  static override summary = 'read a run, or follow it, as a transcript';
  static override description = 'With --json: the events of the journal, as `schema events` describes them; with -f too: one a line, as the journal has them.';
  static override args = {
    run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'}),
    specialist: Args.string({description: 'only what this specialist did and what concerns the whole run'}),
  };
  static override flags = {
    follow: Flags.boolean({char: 'f', description: 'go on with what comes, until the run has ended or nobody drives it; Ctrl-C leaves the run alone'}),
    full: Flags.boolean({description: 'whole answers and files instead of their first and last lines'}),
  };

  private text: readonly string[] = [];

  async run(): Promise<readonly JournalEvent[] | undefined> {
    const {args, flags} = await this.parse(Logs);
    const {directory, signal, say} = this.context(flags, {quiet: flags.follow});
    const {files} = await readRun(directory, args.run, signal);
    await readState(files);
    const wanted = {files, specialist: args.specialist, cut: flags.full ? fullCut : shortCut};
    if (flags.follow) {
      process.exitCode = await followRun({...wanted, json: this.jsonEnabled(), say, signal});
      return undefined;
    }
    const events = await eventsOf(files, args.specialist);
    if (!this.jsonEnabled()) this.text = await transcript(events, wanted);
    return this.finish(events);
  }

  protected render(): string {
    return this.text.map((line) => `${line}\n`).join('');
  }
}

async function eventsOf(files: RunFiles, specialist: string | undefined): Promise<readonly JournalEvent[]> {
  const events = await readEvents(files.journal);
  if (specialist === undefined) return events;
  const names = new Set(events.flatMap((event) => ('step' in event ? (specialistOf(event.step) ?? []) : [])));
  if (names.has(specialist)) return events.filter((event) => concerns(event, specialist));
  throw new AppError('USAGE', `There is no specialist ${escapeText(specialist)} in ${files.runId}.`, {hint: names.size === 0 ? 'Nobody has begun yet.' : `There are: ${[...names].map((name) => escapeText(name)).join(', ')}.`});
}

async function transcript(events: readonly JournalEvent[], {files, ...options}: Parameters<typeof startTranscript>[0] & {readonly files: RunFiles}): Promise<readonly string[]> {
  const told = startTranscript(options);
  const lines: string[] = [];
  for (const event of events) lines.push(...told.lines(event, await outcomeOf(files, event)));
  return lines;
}
