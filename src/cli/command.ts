import {resolve} from 'node:path';
import {Command, Flags, type Interfaces} from '@oclif/core';
import {exitWith} from './exit.js';
import {interruptSignal, type SignalRules} from './interrupt.js';
import {currentRedactor} from './secrets.js';

/** What every command gets besides its own flags. */
export interface Context {
  readonly directory: string;
  readonly engine: string | undefined;
  readonly signal: AbortSignal;
  /** Progress for people, on stderr, without secrets. */
  readonly say: (line: string) => void;
}

/**
 * The frame of a command: it parses, calls one function, returns data, and renders text from that data. `--json`
 * prints exactly the data. A verdict that is not a success sets the exit code through {@link exitCode}.
 */
export abstract class BulkheadCommand<Result> extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    directory: Flags.string({char: 'C', helpValue: 'DIR', default: '.', description: 'work as if started in this folder', helpGroup: 'GLOBAL'}),
    engine: Flags.string({helpValue: 'URL', description: 'address of the container engine, such as unix:///run/docker.sock', helpGroup: 'GLOBAL'}),
    'no-color': Flags.boolean({description: 'no colours', helpGroup: 'GLOBAL'}),
  };

  /** The folder that commands which are named to the user need as `-C`, when it is not the current one. */
  protected elsewhere: {readonly directory?: string} = {};

  /** Where the text goes; stderr when stdout is taken by something else. */
  protected textTo: NodeJS.WritableStream = process.stdout;

  /** The text for a person. */
  protected abstract render(result: Result): string;

  /** The exit code that a result stands for. */
  protected exitCode(_result: Result): number {
    return 0;
  }

  protected context(flags: {readonly directory: string; readonly engine: string | undefined; readonly 'no-color': boolean}, rules: SignalRules = {}): Context {
    if (flags['no-color']) process.env['NO_COLOR'] = '1';
    const directory = resolve(flags.directory);
    if (directory !== process.cwd()) this.elsewhere = {directory};
    return {directory, engine: flags.engine, signal: interruptSignal(rules), say: (line) => process.stderr.write(`${currentRedactor().text(line)}\n`)};
  }

  protected finish(result: Result): Result {
    if (!this.jsonEnabled()) this.textTo.write(this.render(result));
    process.exitCode = this.exitCode(result);
    return result;
  }

  protected override catch(error: Interfaces.CommandError): Promise<void> {
    exitWith(error, {json: this.jsonEnabled()});
    return Promise.resolve();
  }
}
