import {Args, Flags} from '@oclif/core';
import type {Detached} from '../drive/detach.js';
import {DriveCommand, driveFlags} from '../drive/drive-command.js';
import type {Outlets} from '../drive/listen.js';
import {prepareFolder, startRun, type RunResult} from '../drive/start-run.js';

/** `run [TASK]`: the whole job, from freeze to verdict. */
export default class Run extends DriveCommand {
  static override summary = 'let specialists do a task in sealed boxes, and verify what comes out';
  static override args = {task: Args.string({description: 'the task in words; default: the task of the manifest or of --from'})};
  static override flags = {
    manifest: Flags.string({helpValue: 'FILE', description: 'what must exist and hold afterwards'}),
    from: Flags.string({helpValue: 'FILE[#ID]', description: 'a task of an Agent OS tasks file; without #ID its only open one. Ticked when it is verified'}),
    'include-dirty': Flags.boolean({description: 'start from the checkout as it stands: staged, unstaged and untracked files that are not ignored, as a commit on top of HEAD'}),
    'model-traffic': Flags.string({helpValue: 'replay:FILE', description: 'replay model traffic from a script instead of asking a model'}),
    'max-parallel': Flags.integer({helpValue: 'N', min: 1, description: 'most boxes at a time'}),
    'repair-rounds': Flags.integer({helpValue: 'N', min: 0, description: 'how often findings go back to their owners'}),
    runtime: Flags.string({helpValue: 'NAME', description: 'the runtime of boxes, as the engine names it, such as runsc (gVisor); default: that of the engine'}),
    'require-gvisor': Flags.boolean({description: 'refuse an engine whose boxes do not have a kernel of their own, or whose limits are not really enforced'}),
    ...driveFlags,
  };
  static override examples = ['<%= config.bin %> run --manifest manifest.yml', '<%= config.bin %> run --manifest manifest.yml --from .agent-os/specs/limits/tasks.md#1'];

  async run(): Promise<RunResult | Detached> {
    const {args, flags} = await this.parse(Run);
    const context = this.driveContext(flags);
    const wanted = {
      task: args.task,
      manifest: flags.manifest,
      from: flags.from,
      traffic: flags['model-traffic'],
      maxParallel: flags['max-parallel'],
      repairRounds: flags['repair-rounds'],
      includeDirty: flags['include-dirty'],
      runtime: flags.runtime,
      requireGvisor: flags['require-gvisor'],
    };
    const driving = {
      prepare: () => prepareFolder(context, wanted),
      drive: (outlets: Outlets) => startRun(context, wanted, {...outlets, runId: flags.driver}),
    };
    return this.finish(await this.driveOrDetach(flags, context, driving));
  }
}
