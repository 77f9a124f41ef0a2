import {Args} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {readEvents} from '../../record/journal/journal.js';
import {openedWith} from '../../run/open.js';
import {resultsOf} from '../../run/results.js';
import {BulkheadCommand} from '../command.js';
import {readRun} from '../project-context.js';
import {openStoreRepository} from '../wire.js';

interface Diff {
  readonly runId: string;
  readonly specialist: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly diff: string;
}

/** `diff RUN [SPECIALIST]`: what came out of a run, or of one specialist's last work. */
export default class DiffCommand extends BulkheadCommand<Diff> {
  static override summary = 'show what a run, or one of its specialists, changed';
  static override args = {
    run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'}),
    specialist: Args.string({description: 'only the last work of this specialist'}),
  };

  async run(): Promise<Diff> {
    const {args, flags} = await this.parse(DiffCommand);
    const {directory, signal} = this.context(flags);
    const {files, store} = await readRun(directory, args.run, signal);
    const events = await readEvents(files.journal);
    const results = resultsOf(events);
    const repository = await openStoreRepository(store, signal);
    const submitted = args.specialist === undefined ? undefined : results.submissions.get(args.specialist);
    // Of an interrupted or cancelled run: what a specialist did and did not hand in.
    const work = args.specialist === undefined ? undefined : results.work.get(args.specialist);
    const to = args.specialist === undefined ? results.merged : (work?.commit ?? submitted);
    if (to === undefined) throw new AppError('RUN_STATE', `Nothing was ${args.specialist === undefined ? 'merged in' : `changed by ${escapeText(args.specialist)} in`} ${files.runId} yet.`, {hint: '`bulkhead status` shows how far it is.'});
    const from = args.specialist === undefined ? openedWith(events).options.manifest.base : (work?.from ?? (await repository.resolve(`${to}^1`, signal)));
    return this.finish({runId: files.runId, specialist: args.specialist, from, to, diff: await repository.diffText(from, to, signal)});
  }

  protected render(result: Diff): string {
    return escapeText(result.diff, {lines: true});
  }
}
