import {rm} from 'node:fs/promises';
import {Args} from '@oclif/core';
import {lockRun} from '../../record/lock.js';
import {removeAll} from '../../run/sweep.js';
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

  async run(): Promise<Discarded> {
    const {args, flags} = await this.parse(Discard);
    const {directory, engine: address, signal} = this.context(flags);
    const {files, store, config} = await readRun(directory, args.run, signal);
    const lock = await lockRun(files.directory);
    try {
      const engine = await wireEngine({flag: address, config, signal});
      const mine = (await engine.leftovers(signal)).filter((item) => item.runId === files.runId);
      await removeAll(engine, mine, signal);
      const repository = await openStoreRepository(store, signal);
      await repository.unlockRefs(`refs/bulkhead/${files.runId}`, signal);
      await repository.deleteRefs(`refs/bulkhead/${files.runId}`, signal);
      await rm(files.directory, {recursive: true, force: true});
      return this.finish({runId: files.runId, removed: mine.map((item) => item.name)});
    } finally {
      await lock[Symbol.asyncDispose]();
    }
  }

  protected render(result: Discarded): string {
    return `${result.runId} is dropped${result.removed.length > 0 ? `, and ${result.removed.length} things of it on the engine` : ''}.\n`;
  }
}
