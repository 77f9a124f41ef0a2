import {Args, Flags} from '@oclif/core';
import type {Checkout} from '../../git/freeze/checkout.js';
import {readEvents} from '../../record/journal/journal.js';
import {driveRun} from '../../run/drive.js';
import type {ConflictAnswer} from '../../run/merge/open-conflict.js';
import {openEarlierRun, openedWith} from '../../run/open.js';
import type {Context} from '../command.js';
import type {Detached} from '../drive/detach.js';
import {stoppable} from '../drive/driver-requests.js';
import {DriveCommand, driveFlags} from '../drive/drive-command.js';
import {startListening, type Outlets} from '../drive/listen.js';
import {readRun} from '../project-context.js';
import type {RunResult} from '../drive/start-run.js';
import {readKeptTraffic} from '../inputs/traffic-flag.js';
import {resolveCommit, wireRooms} from '../wire.js';

/** `resume RUN`: goes on with a run that was interrupted or parked. */
export default class Resume extends DriveCommand {
  static override summary = 'go on with a run that was interrupted';
  static override args = {run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'})};
  static override flags = {
    'accept-loss': Flags.boolean({description: 'give up work whose workspace is gone from the engine for good'}),
    'take-over': Flags.boolean({description: 'when nobody can tell whether another machine or container still drives the run: you say that it does not'}),
    resolution: Flags.string({helpValue: 'COMMIT', exclusive: ['leave-out'], description: 'the commit in which you resolved the conflict that the run waits with'}),
    'leave-out': Flags.string({helpValue: 'SPECIALIST', description: 'go on without the submission that is in conflict; it is a finding then'}),
    ...driveFlags,
  };

  async run(): Promise<RunResult | Detached> {
    const {args, flags} = await this.parse(Resume);
    const context = this.driveContext(flags);
    const wanted = {wanted: flags.driver ?? args.run, acceptLoss: flags['accept-loss'], takeOver: flags['take-over'], resolution: flags.resolution, leaveOut: flags['leave-out']};
    const driving = {
      prepare: async () => (await readRun(context.directory, args.run, context.signal)).files,
      drive: (outlets: Outlets) => resume(context, wanted, outlets),
    };
    return this.finish(await this.driveOrDetach(flags, context, driving));
  }
}

interface Wanted {
  readonly wanted: string;
  readonly acceptLoss: boolean;
  readonly takeOver: boolean;
  readonly resolution: string | undefined;
  readonly leaveOut: string | undefined;
}

async function resume(context: Context, wanted: Wanted, outlets: Outlets): Promise<RunResult> {
  const {signal, say, directory} = context;
  const {files, ...project} = await readRun(directory, wanted.wanted, signal);
  const {options} = openedWith(await readEvents(files.journal));
  const traffic = options.traffic === 'replayed' ? await readKeptTraffic(files.traffic, signal) : undefined;
  await using wired = await wireRooms({project, engine: context.engine, traffic, options, signal});
  const {checkout} = project;
  await using listeners = await startListening({say, journal: files.journal, directory, root: checkout.root, ...outlets});
  const {acceptLoss, takeOver} = wanted;
  const stop = stoppable(signal, files.runId);
  const request = {checkout, rooms: wired.rooms, engineAddress: wired.engineAddress, acceptLoss, takeOver, conflictAnswer: await readAnswer(checkout, wanted, signal), now: () => new Date(), listen: listeners.listen, onRequest: stop.onRequest};
  await using open = await openEarlierRun(files, request);
  say(`Resuming ${open.run.id}: what the journal knows is not done again.`);
  return {...(await driveRun(open.run, stop.signal)), reportPath: files.reportMarkdown};
}

/** What a person decided about a conflict, by the flags. */
async function readAnswer(checkout: Checkout, {resolution, leaveOut}: Wanted, signal: AbortSignal): Promise<ConflictAnswer | undefined> {
  if (leaveOut !== undefined) return {kind: 'leave-out', specialist: leaveOut};
  return resolution === undefined ? undefined : {kind: 'resolution', commit: await resolveCommit(checkout, resolution, signal)};
}
