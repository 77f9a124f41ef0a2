import {cp, mkdtemp} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {BulkheadCommand} from '../command.js';
import {renderReport} from '../render/report.js';
import {startRun, type RunResult} from '../drive/start-run.js';
import {verdictExit} from '../verdict-exit.js';
import {commitFolder, demoFolder} from '../wire.js';

interface DemoResult extends RunResult {
  readonly project: string;
}

/** `demo`: a whole run on a small real project in a temporary folder. What it shows is data; `run` does the work. */
export default class Demo extends BulkheadCommand<DemoResult> {
  static override summary = 'see a whole run on a small project, with replayed model traffic';

  async run(): Promise<DemoResult> {
    const {flags} = await this.parse(Demo);
    const context = this.context(flags);
    const project = await mkdtemp(join(tmpdir(), 'bulkhead-demo-'));
    await cp(join(demoFolder, 'project'), project, {recursive: true});
    await commitFolder(project, 'A small web service', context.signal);
    context.say(`A copy of the demo project is in ${project}.`);
    const result = await startRun({...context, directory: project}, {
      task: undefined,
      manifest: join(demoFolder, 'manifest.yml'),
      from: '.agent-os/specs/2026-11-10-rate-limit/tasks.md#1',
      traffic: `replay:${join(demoFolder, 'traffic.yml')}`,
      maxParallel: undefined,
      repairRounds: undefined,
      includeDirty: false,
    });
    return this.finish({...result, project});
  }

  protected render(result: DemoResult): string {
    return `${renderReport(result, {report: result.reportPath, directory: result.project})}project ${result.project}\n`;
  }

  protected override exitCode(result: DemoResult): number {
    return verdictExit(result.verdict);
  }
}
