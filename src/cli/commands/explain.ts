import {Args} from '@oclif/core';
import {codes} from '../../core/codes.js';
import {AppError} from '../../core/errors.js';
import {BulkheadCommand} from '../command.js';

interface Explanation {
  readonly code: string;
  readonly title: string;
  readonly explain: string;
  readonly exitCode: number;
}

/** `explain CODE`: the long explanation of an error or finding code. */
export default class Explain extends BulkheadCommand<readonly Explanation[]> {
  static override summary = 'explain an error or finding code, or list them all';
  static override args = {code: Args.string({description: 'for example FILE_MISSING; without it, all codes'})};
  static override examples = ['<%= config.bin %> explain FILE_MISSING'];

  async run(): Promise<readonly Explanation[]> {
    const {args} = await this.parse(Explain);
    const all = Object.entries(codes).map(([code, {title, explain, exit}]) => ({code, title, explain, exitCode: exit}));
    if (args.code === undefined) return this.finish(all);
    const wanted = args.code.toUpperCase();
    const found = all.filter((entry) => entry.code === wanted);
    if (found.length === 0) throw new AppError('USAGE', `There is no code ${wanted}.`, {hint: '`bulkhead explain` lists all codes.'});
    return this.finish(found);
  }

  protected render(entries: readonly Explanation[]): string {
    const [only] = entries;
    if (entries.length === 1 && only !== undefined) return `${only.code}: ${only.title}\n\n${only.explain}\n\nExit code: ${only.exitCode}\n`;
    const width = Math.max(...entries.map((entry) => entry.code.length));
    return entries.map((entry) => `${entry.code.padEnd(width)}  ${entry.title}\n`).join('');
  }
}
