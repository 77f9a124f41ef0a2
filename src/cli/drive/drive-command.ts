import {Flags} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import type {RunFiles} from '../../record/store.js';
import {BulkheadCommand, type Context} from '../command.js';
import {dropUnbegun, startDriver, waitingParent, type Detached} from './detach.js';
import type {Outlets} from './listen.js';
import {renderDetached} from '../render/detached.js';
import {renderReport} from '../render/report.js';
import type {RunResult} from './start-run.js';
import {verdictExit} from '../verdict-exit.js';

/** Flags of the commands that drive a run. */
export const driveFlags = {
  events: Flags.string({helpValue: 'FILE', description: 'also write the lines of the journal there as they come, the earlier ones first; `-` is stdout, and the report goes to stderr then'}),
  detach: Flags.boolean({description: 'drive the run in a process of its own, and return when it has begun'}),
  driver: Flags.string({hidden: true, description: 'id of the run that this process drives for `--detach`'}),
};

interface DriveFlags {
  readonly events: string | undefined;
  readonly detach: boolean;
  readonly driver: string | undefined;
}

/** How a command comes to drive a run. */
export interface Driving {
  /** Finds what is wrong with the input, and names the files of the run. */
  readonly prepare: () => Promise<RunFiles>;
  readonly drive: (outlets: Outlets) => Promise<RunResult>;
}

/** The frame of `run` and `resume`: to the verdict in this process, or behind `--detach` in another one. */
export abstract class DriveCommand extends BulkheadCommand<RunResult | Detached> {
  protected driveContext(flags: Parameters<BulkheadCommand<unknown>['context']>[0] & DriveFlags): Context {
    if (flags.events === '-' && (flags.detach || this.jsonEnabled())) {
      throw new AppError('USAGE', '`--events -` takes stdout for itself.', {hint: `Name a file, or leave out --${flags.detach ? 'detach' : 'json'}.`});
    }
    if (flags.events === '-') this.textTo = process.stderr;
    return this.context(flags, {hangUp: flags.driver === undefined ? 'stop' : 'ignore'});
  }

  protected async driveOrDetach(flags: DriveFlags, {signal}: Context, {prepare, drive}: Driving): Promise<RunResult | Detached> {
    if (flags.detach && flags.driver === undefined) return this.detach(await prepare(), signal);
    const waiting = flags.driver === undefined ? undefined : waitingParent();
    try {
      return await drive({events: flags.events, waiting});
    } catch (error) {
      await waiting?.failed(error);
      throw error;
    }
  }

  protected render(result: RunResult | Detached): string {
    return 'detached' in result ? renderDetached(result, this.elsewhere) : renderReport(result, {report: result.reportPath, ...this.elsewhere});
  }

  protected override exitCode(result: RunResult | Detached): number {
    return 'detached' in result ? 0 : verdictExit(result.verdict);
  }

  private async detach(files: RunFiles, signal: AbortSignal): Promise<Detached> {
    try {
      return await startDriver({id: this.id ?? 'run', argv: this.argv}, files, signal);
    } catch (error) {
      await dropUnbegun(files);
      throw error;
    }
  }
}
