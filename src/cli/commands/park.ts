import {Args} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import type {RunStatus} from '../../record/journal/state.js';
import {readState} from '../../run/open.js';
import {BulkheadCommand} from '../command.js';
import {requireOpen, stopDriver} from '../drive/driver-requests.js';
import {readRun} from '../project-context.js';

interface Parked {
  readonly runId: string;
  readonly status: RunStatus;
}

/** `park RUN`: what Ctrl-C does, for a run that another process drives. */
export default class Park extends BulkheadCommand<Parked> {
  static override summary = 'stop a run for now; `resume` goes on with it';
  static override args = {run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'})};

  async run(): Promise<Parked> {
    const {args, flags} = await this.parse(Park);
    const {directory, signal} = this.context(flags);
    const {files} = await readRun(directory, args.run, signal);
    const before = await readState(files);
    requireOpen(before);
    const after = await stopDriver(files, 'park', signal);
    if (after === undefined) throw new AppError('RUN_STATE', `Nobody drives the run ${files.runId}: it is ${before.status}.`, {hint: `\`bulkhead resume ${files.runId}\` goes on.`});
    return this.finish({runId: files.runId, status: after.status});
  }

  protected render({runId, status}: Parked): string {
    return status === 'parked' ? `${runId} is parked; its work so far is kept. Go on: bulkhead resume ${runId}\n` : `${runId} came to its end first: ${status}.\n`;
  }
}
