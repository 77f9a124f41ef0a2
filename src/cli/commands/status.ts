import {Args} from '@oclif/core';
import {readEvents} from '../../record/journal.js';
import {ownerIsGone} from '../../record/owner.js';
import {foldRun, type RunState} from '../../record/state.js';
import {findRun, listRuns, runFiles} from '../../record/store.js';
import {BulkheadCommand} from '../command.js';
import {readProject} from '../project-context.js';
import {renderStatus} from '../render/status.js';

/** `status [RUN]`: what the journals say of this repository's runs. */
export default class Status extends BulkheadCommand<readonly RunState[]> {
  static override summary = 'show the runs of this repository, or one of them';
  static override args = {run: Args.string({description: 'an id, a prefix of one, or `latest`; without it, all'})};

  async run(): Promise<readonly RunState[]> {
    const {args, flags} = await this.parse(Status);
    const {directory, signal} = this.context(flags);
    const {store} = await readProject(directory, signal);
    const all = args.run === undefined ? (await listRuns(store)).map((id) => runFiles(store, id)) : [await findRun(store, args.run)];
    const states = await Promise.all(all.map(async (files) => foldRun(await readEvents(files.journal), ownerIsGone)));
    return this.finish(states.filter((state) => state !== undefined));
  }

  protected render(states: readonly RunState[]): string {
    return renderStatus(states);
  }
}
