import {Args, Flags} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {deliverRun, type Delivered, type DeliverRequest} from '../../run/deliver/deliver.js';
import {BulkheadCommand, type Context} from '../command.js';
import {deliverBlocker, type DeliveredBlocker} from '../deliver-blocker.js';
import {readRun} from '../project-context.js';
import {renderLookFirst} from '../render/report.js';
import {wireDelivery} from '../wire.js';

/** What blocks a task, in its own files. */
interface Blocked extends Pick<Delivered, 'runId' | 'commit' | 'branch' | 'applied'> {
  /** The files in which it stands. */
  readonly blocked: DeliveredBlocker['paths'];
}

/** `deliver RUN`: takes the result of a verified run, or what blocks the task of a blocked one. */
export default class Deliver extends BulkheadCommand<Delivered | Blocked> {
  static override summary = 'take the result of a verified run';
  static override description =
    'What is not verified needs --override and a reason, which the journal, the report and the commit keep. A blocked run has no result of its own: with --blocked its task file says what blocks the task, beside the report; nothing is ticked, and none of the work is in it.';
  static override args = {run: Args.string({default: 'latest', description: 'an id, a prefix of one, or `latest`'})};
  static override flags = {
    branch: Flags.string({helpValue: 'B', exclusive: ['apply'], description: 'make this branch at the result'}),
    apply: Flags.boolean({description: 'bring the result into the checkout, if it is still what the run started from'}),
    pr: Flags.boolean({exclusive: ['apply', 'blocked'], description: 'send the branch to your remote and open a pull request, with gh or glab'}),
    'with-head': Flags.boolean({dependsOn: ['branch'], exclusive: ['apply', 'blocked'], description: 'merge the result with what is checked out now; that has to be verified again'}),
    override: Flags.boolean({dependsOn: ['reason'], exclusive: ['blocked'], description: 'take what is not verified all the same'}),
    reason: Flags.string({helpValue: 'TEXT', dependsOn: ['override'], description: 'why; it is kept for ever'}),
    blocked: Flags.boolean({description: 'of a blocked run: mark its task as blocked in the task file, nothing else'}),
  };

  async run(): Promise<Delivered | Blocked> {
    const {args, flags} = await this.parse(Deliver);
    const context = this.context(flags);
    if (flags.branch === undefined && !flags.apply && !flags.pr) throw new AppError('USAGE', 'Say how: --branch B, --apply or --pr.', {hint: 'A verified run has made its result branch already: `bulkhead status` names it.'});
    if (flags.reason?.trim() === '') throw new AppError('USAGE', 'The reason is empty.', {hint: '--reason TEXT says why you take what is not verified.'});
    if (flags.blocked) return this.finish(await deliverBlocked(context, {wanted: args.run, branch: flags.branch, apply: flags.apply}));
    const {files, ...project} = await readRun(context.directory, args.run, context.signal);
    const request: DeliverRequest = {
      files,
      checkout: project.checkout,
      rooms: await wireDelivery(project.store, context.signal),
      branch: flags.branch,
      how: flags.apply ? 'apply' : flags.pr ? 'pull-request' : 'branch',
      withHead: flags['with-head'],
      override: flags.override ? flags.reason : undefined,
      now: () => new Date(),
    };
    return this.finish(await deliverRun(request, context.signal));
  }

  protected render(result: Delivered | Blocked): string {
    const place = result.applied ? `Your checkout is at ${result.commit} now.` : `${escapeText(result.branch)} is at ${result.commit}.`;
    if ('blocked' in result) return `${[...result.blocked.map((path) => `  ${escapeText(path)}`), place].join('\n')}\n`;
    const opened = result.pullRequest === undefined ? [] : [escapeText(result.pullRequest)];
    return `${[...renderLookFirst(result.lookFirst), ...result.notes.map((note) => `  ${escapeText(note)}`), place, ...opened].join('\n')}\n`;
  }
}

async function deliverBlocked({directory, signal, say}: Context, {wanted, branch, apply}: {readonly wanted: string; readonly branch: string | undefined; readonly apply: boolean}): Promise<Blocked> {
  const {files, ...project} = await readRun(directory, wanted, signal);
  const delivered = await deliverBlocker({project, files, branch, apply}, signal);
  for (const note of delivered.notes) say(note);
  return {runId: files.runId, commit: delivered.commit, branch: delivered.branch, applied: apply, blocked: delivered.paths};
}
