import {Args} from '@oclif/core';
import {isAppError} from '../../core/errors.js';
import {readEvents} from '../../record/journal/journal.js';
import {driverOf} from '../../record/driver/lock.js';
import {findRun, listRuns, runFiles, type RunFiles} from '../../record/store.js';
import {BulkheadCommand} from '../command.js';
import {readProject} from '../project-context.js';
import {renderStatus} from '../render/status.js';
import {statusRow, type StatusRow} from '../status-row.js';

/** `status [RUN]`: what the journals say of this repository's runs. */
export default class Status extends BulkheadCommand<readonly StatusRow[]> {
  static override summary = 'show the runs of this repository, or one of them';
  static override args = {run: Args.string({description: 'an id, a prefix of one, or `latest`; without it, all'})};

  async run(): Promise<readonly StatusRow[]> {
    const {args, flags} = await this.parse(Status);
    const {directory, signal} = this.context(flags);
    const {store} = await readProject(directory, signal);
    const all = args.run === undefined ? (await listRuns(store)).map((id) => runFiles(store, id)) : [await findRun(store, args.run)];
    const rows = await Promise.all(all.map(readRow));
    return this.finish(rows.filter((row) => row !== undefined));
  }

  protected render(rows: readonly StatusRow[]): string {
    return renderStatus(rows, this.elsewhere);
  }
}

/** A damaged journal is a row of its own, so that it does not hide the other runs. */
async function readRow(files: RunFiles): Promise<StatusRow | undefined> {
  try {
    return statusRow(await readEvents(files.journal), await driverOf(files.directory));
  } catch (error) {
    if (!isAppError(error, 'JOURNAL_DAMAGED')) throw error;
    return {runId: files.runId, status: 'damaged', message: error.message};
  }
}
