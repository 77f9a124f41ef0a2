import {Args} from '@oclif/core';
import {readEvents} from '../../record/journal.js';
import {driveRun} from '../../run/drive.js';
import {openEarlierRun, openedWith} from '../../run/open.js';
import {BulkheadCommand, type Context} from '../command.js';
import {readRun} from '../project-context.js';
import {renderProgress} from '../render/progress.js';
import {renderReport} from '../render/report.js';
import type {RunResult} from '../start-run.js';
import {readKeptTraffic} from '../traffic-flag.js';
import {verdictExit} from '../verdict-exit.js';
import {wireRooms} from '../wire.js';

/** `resume RUN`: goes on with a run that was interrupted or parked. */
export default class Resume extends BulkheadCommand<RunResult> {
  static override summary = 'go on with a run that was interrupted';
  static override args = {run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'})};

  async run(): Promise<RunResult> {
    const {args, flags} = await this.parse(Resume);
    return this.finish(await resume(this.context(flags), args.run));
  }

  protected render(result: RunResult): string {
    return renderReport(result, {report: result.reportPath});
  }

  protected override exitCode(result: RunResult): number {
    return verdictExit(result.verdict);
  }
}

async function resume(context: Context, wanted: string): Promise<RunResult> {
  const {signal, say} = context;
  const {files, ...project} = await readRun(context.directory, wanted, signal);
  const {options} = openedWith(await readEvents(files.journal));
  const traffic = options.traffic === 'replayed' ? await readKeptTraffic(files.traffic, signal) : undefined;
  await using wired = await wireRooms({project, engine: context.engine, traffic, options, signal});
  const listen = (event: Parameters<typeof renderProgress>[0]): void => {
    for (const line of renderProgress(event)) say(line);
  };
  await using open = await openEarlierRun(files, {checkout: project.checkout, rooms: wired.rooms, now: () => new Date(), listen});
  say(`Resuming ${open.run.id}: what the journal knows is not done again.`);
  return {...(await driveRun(open.run, signal)), reportPath: files.reportMarkdown};
}
