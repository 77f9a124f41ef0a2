import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {Flags} from '@oclif/core';
import {systemCode} from '../../core/errors.js';
import type {Leftover} from '../../core/sandbox.js';
import {readEvents} from '../../record/journal.js';
import {ownerIsGone} from '../../record/owner.js';
import {foldRun} from '../../record/state.js';
import {runFiles, storeOf} from '../../record/store.js';
import {removeAll} from '../../run/sweep.js';
import {judgeLeftover, type Judged, type SweepRules} from '../../run/sweep-policy.js';
import {BulkheadCommand} from '../command.js';
import {stateHome, userConfigFile} from '../places.js';
import {wireEngine} from '../wire.js';
import {readConfig} from '../../project/config.js';

interface Cleaned {
  readonly dryRun: boolean;
  readonly removed: readonly Leftover[];
  readonly kept: readonly (Leftover & {readonly why: string})[];
}

/** `clean`: removes from the engine what carries our labels and belongs to no run that lives or can go on. */
export default class Clean extends BulkheadCommand<Cleaned> {
  static override summary = 'remove what ended runs left on the container engine';
  static override flags = {
    'dry-run': Flags.boolean({description: 'only say what would be removed'}),
    unknown: Flags.boolean({description: 'also what no journal on this machine knows'}),
  };

  async run(): Promise<Cleaned> {
    const {flags} = await this.parse(Clean);
    const {directory, engine: address, signal} = this.context(flags);
    const config = await readConfig({repositoryRoot: directory, userConfigFile: userConfigFile(process.env), signal});
    const engine = await wireEngine({flag: address, config, signal});
    const judged = await Promise.all((await engine.leftovers(signal)).map(async (item) => ({item, ...(await judge(item, {isGone: ownerIsGone, unknown: flags.unknown}))})));
    const removed = judged.filter((one) => one.remove).map((one) => one.item);
    if (!flags['dry-run']) await removeAll(engine, removed, signal);
    const kept = judged.filter((one) => !one.remove).map(({item, why}) => ({...item, why}));
    return this.finish({dryRun: flags['dry-run'], removed, kept});
  }

  protected render({dryRun, removed, kept}: Cleaned): string {
    const lines = [
      ...removed.map((item) => `${dryRun ? 'would remove' : 'removed'} ${item.kind} ${item.name}`),
      ...kept.map((item) => `kept ${item.kind} ${item.name}: ${item.why}`),
    ];
    return lines.length === 0 ? 'Nothing of Bulkhead is on this engine.\n' : `${lines.join('\n')}\n`;
  }
}

/** Looks the run up in every repository's store: a leftover does not say which repository it was for. */
async function judge(item: Leftover, rules: SweepRules): Promise<Judged> {
  const home = join(stateHome(process.env), 'bulkhead');
  const repositories = await readdir(home).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const id of repositories) {
    const files = runFiles(storeOf(stateHome(process.env), id), item.runId);
    const events = await readEvents(files.journal).catch(() => 'unreadable' as const);
    if (events === 'unreadable') return {remove: false, why: 'the journal of its run cannot be read'};
    if (events.length > 0) return judgeLeftover(item, foldRun(events, ownerIsGone), rules);
  }
  return judgeLeftover(item, undefined, rules);
}
