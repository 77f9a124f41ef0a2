import {Args} from '@oclif/core';
import {escapeText} from '../../core/escape.js';
import {readEvents} from '../../record/journal/journal.js';
import type {RunStatus} from '../../record/journal/state.js';
import type {RunFiles} from '../../record/store.js';
import {cancelRun} from '../../run/drive.js';
import {openEarlierRun, openedWith, readState} from '../../run/open.js';
import {resultsOf} from '../../run/results.js';
import {BulkheadCommand, type Context} from '../command.js';
import {requireOpen, stopDriver} from '../drive/driver-requests.js';
import {readRun, type ProjectContext} from '../project-context.js';
import {listenWith} from '../drive/listen.js';
import {wireRooms} from '../wire.js';

interface Cancelled {
  readonly runId: string;
  readonly status: RunStatus;
  /** The newest commit of each specialist that did anything. */
  readonly work: Readonly<Record<string, string>>;
}

/** `cancel RUN`: ends a run for good and keeps the work of its specialists. */
export default class Cancel extends BulkheadCommand<Cancelled> {
  static override summary = 'end a run for good; the work of its specialists is kept';
  static override args = {run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'})};

  async run(): Promise<Cancelled> {
    const {args, flags} = await this.parse(Cancel);
    const context = this.context(flags);
    const {files, ...project} = await readRun(context.directory, args.run, context.signal);
    requireOpen(await readState(files));
    const stopped = await stopDriver(files, 'cancel', context.signal);
    if (stopped === undefined) await cancelUndriven(context, project, files);
    const {status} = await readState(files);
    const work = Object.fromEntries([...resultsOf(await readEvents(files.journal)).work].map(([specialist, {commit}]) => [specialist, commit]));
    return this.finish({runId: files.runId, status, work});
  }

  protected render({runId, status, work}: Cancelled): string {
    if (status !== 'cancelled') return `${runId} came to its end first: ${status}.\n`;
    const where = this.elsewhere.directory === undefined ? '' : ` -C ${this.elsewhere.directory}`;
    const kept = Object.keys(work).map((specialist) => `  look at it: bulkhead diff ${runId} ${escapeText(specialist)}${where}`);
    return [`${runId} is cancelled; ${kept.length === 0 ? 'nobody had changed anything' : 'the work so far is kept'}.`, ...kept, `  drop it: bulkhead discard ${runId}${where}`, ''].join('\n');
  }
}

async function cancelUndriven({engine, signal, say}: Context, project: ProjectContext, files: RunFiles): Promise<void> {
  const {options} = openedWith(await readEvents(files.journal));
  await using wired = await wireRooms({project, engine, traffic: undefined, options, withModel: false, signal});
  const request = {checkout: project.checkout, rooms: wired.rooms, engineAddress: wired.engineAddress, acceptLoss: true, now: () => new Date(), listen: listenWith(say)};
  await using open = await openEarlierRun(files, request);
  await cancelRun(open.run, signal);
}
