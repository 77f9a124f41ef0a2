import {Args, Flags} from '@oclif/core';
import {discardRun} from '../../run/sweep/discard.js';
import {BulkheadCommand} from '../command.js';
import {readRun} from '../project-context.js';
import {openStoreRepository, wireEngine} from '../wire.js';

interface Discarded {
  readonly runId: string;
  readonly removed: readonly string[];
}

/** `discard RUN`: drops a run with all its work. The result branch, which is the user's, stays. */
export default class Discard extends BulkheadCommand<Discarded> {
  static override summary = 'drop a run and all its work; a result branch that was made stays';
  static override args = {run: Args.string({required: true, description: 'an id, a prefix of one, or `latest`'})};
  static override flags = {'take-over': Flags.boolean({description: 'also when nobody can tell whether its process lives: you say that it does not'})};

  async run(): Promise<Discarded> {
    const {args, flags} = await this.parse(Discard);
    const {directory, engine: address, signal} = this.context(flags);
    const {files, store, config} = await readRun(directory, args.run, signal);
    const engine = await wireEngine({flag: address, config, signal});
    const removed = await discardRun({engine, openRepository: openStoreRepository}, {store, files, takeOver: flags['take-over']}, signal);
    return this.finish({runId: files.runId, removed});
  }

  protected render(result: Discarded): string {
    return `${result.runId} is dropped${result.removed.length > 0 ? `, and ${result.removed.length} things of it on the engine` : ''}.\n`;
  }
}
