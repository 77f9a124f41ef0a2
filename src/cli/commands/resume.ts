import {Args, Flags} from '@oclif/core';
import {readEvents} from '../../record/journal.js';
import {driveRun} from '../../run/drive.js';
import {openEarlierRun, openedWith} from '../../run/open.js';
import {BulkheadCommand, type Context} from '../command.js';
import {readRun} from '../project-context.js';
import {renderReport} from '../render/report.js';
import {listenWith, type RunResult} from '../start-run.js';
import {readKeptTraffic} from '../traffic-flag.js';
import {verdictExit} from '../verdict-exit.js';
import {wireRooms} from '../wire.js';

/** `resume RUN`: goes on with a run that was interrupted or parked. */
export default class Resume extends BulkheadCommand<RunResult> {
  static override summary = 'go on with a run that was interrupted';
  static override args = {run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'})};
  static override flags = {'accept-loss': Flags.boolean({description: 'give up work whose workspace is gone from the engine for good'})};

  async run(): Promise<RunResult> {
    const {args, flags} = await this.parse(Resume);
    return this.finish(await resume(this.context(flags), {wanted: args.run, acceptLoss: flags['accept-loss']}));
  }

  protected render(result: RunResult): string {
    return renderReport(result, {report: result.reportPath, ...this.elsewhere});
  }

  protected override exitCode(result: RunResult): number {
    return verdictExit(result.verdict);
  }
}

async function resume(context: Context, {wanted, acceptLoss}: {readonly wanted: string; readonly acceptLoss: boolean}): Promise<RunResult> {
  const {signal, say} = context;
  const {files, ...project} = await readRun(context.directory, wanted, signal);
  const {options} = openedWith(await readEvents(files.journal));
  const traffic = options.traffic === 'replayed' ? await readKeptTraffic(files.traffic, signal) : undefined;
  await using wired = await wireRooms({project, engine: context.engine, traffic, options, signal});
  const request = {checkout: project.checkout, rooms: wired.rooms, engineAddress: wired.engineAddress, acceptLoss, now: () => new Date(), listen: listenWith(say)};
  await using open = await openEarlierRun(files, request);
  say(`Resuming ${open.run.id}: what the journal knows is not done again.`);
  return {...(await driveRun(open.run, signal)), reportPath: files.reportMarkdown};
}
