import {resolve} from 'node:path';
import {Args, Flags} from '@oclif/core';
import {writeExclusively} from '../../project/new-file.js';
import {BulkheadCommand} from '../command.js';
import {planTask, type TaskPlan} from '../draft/plan-task.js';
import {readProject} from '../project-context.js';
import {renderPlan} from '../render/plan.js';

/** A plan, and where its draft was written. */
export interface PlanResult extends TaskPlan {
  readonly draftFile: string | undefined;
}

/** `plan [TASK]`: what a run would do, and a draft manifest. Writes nothing but the draft, where it is asked to. */
export default class Plan extends BulkheadCommand<PlanResult> {
  static override summary = 'show the plan of a task and draft its manifest';
  static override args = {task: Args.string({description: 'the task in words; default: the task of --manifest or --from'})};
  static override flags = {
    from: Flags.string({helpValue: 'FILE[#ID]', description: 'a task of an Agent OS tasks file'}),
    manifest: Flags.string({helpValue: 'FILE', exclusive: ['output'], description: 'plan by this manifest, exactly as `run` would'}),
    output: Flags.string({helpValue: 'FILE', description: 'write the draft to this new file'}),
  };
  static override examples = ['<%= config.bin %> plan "Limit requests per client" --output manifest.yml', '<%= config.bin %> plan --manifest manifest.yml'];

  async run(): Promise<PlanResult> {
    const {args, flags} = await this.parse(Plan);
    const context = this.context(flags);
    const project = await readProject(context.directory, context.signal);
    const plan = await planTask(context, project, {task: args.task, from: flags.from, manifest: flags.manifest});
    const draftFile = flags.output === undefined ? undefined : resolve(context.directory, flags.output);
    if (draftFile !== undefined && plan.draft !== undefined) await writeExclusively(draftFile, plan.draft.text);
    return this.finish({...plan, draftFile});
  }

  protected render(result: PlanResult): string {
    return renderPlan(result);
  }
}
