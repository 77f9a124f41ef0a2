import {Args, Flags} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {readEvents} from '../../record/journal/journal.js';
import {openedWith, readState} from '../../run/open.js';
import {resultsOf} from '../../run/results.js';
import {BulkheadCommand} from '../command.js';
import {readRun} from '../project-context.js';
import {applyToCheckout, deliverBranch} from '../wire.js';

interface Delivered {
  readonly runId: string;
  readonly commit: string;
  readonly branch: string | undefined;
  readonly applied: boolean;
}

/** `deliver RUN`: takes the result of a verified run. */
export default class Deliver extends BulkheadCommand<Delivered> {
  static override summary = 'take the result of a verified run';
  static override args = {run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'})};
  static override flags = {
    branch: Flags.string({helpValue: 'B', exclusive: ['apply'], description: 'make this branch at the result'}),
    apply: Flags.boolean({description: 'bring the result into the checkout, if it is still what the run started from'}),
  };

  async run(): Promise<Delivered> {
    const {args, flags} = await this.parse(Deliver);
    const {directory, signal} = this.context(flags);
    if (flags.branch === undefined && !flags.apply) throw new AppError('USAGE', 'Say how: --branch B or --apply.', {hint: 'A verified run has made its result branch already: `bulkhead status` names it.'});
    const {files, store, checkout} = await readRun(directory, args.run, signal);
    const state = await readState(files);
    const events = await readEvents(files.journal);
    const commit = resultsOf(events).bookkeeping;
    if (state.status !== 'verified' || commit === undefined) throw new AppError('RUN_STATE', `The run ${state.runId} is not verified: ${state.status}.`, {hint: 'Only a verified result is delivered. `bulkhead diff` shows what there is.'});
    const branch = flags.branch ?? state.branch;
    if (branch !== undefined) await deliverBranch({checkout, repositoryDir: store.repository, commit, branch, signal});
    if (flags.apply) await applyToCheckout({checkout, commit, base: openedWith(events).options.manifest.base, signal});
    return this.finish({runId: state.runId, commit, branch: flags.branch, applied: flags.apply});
  }

  protected render(result: Delivered): string {
    return result.applied ? `Your checkout is at ${result.commit} now.\n` : `${escapeText(result.branch ?? '')} is at ${result.commit}.\n`;
  }
}
