import type {ConfigFile} from '../../project/config.js';
import {readConfigFiles} from '../../project/config.js';
import type {AgentOsKey} from '../../project/agent-os-config/judge.js';
import {agentOsConfigFiles} from '../../project/agent-os-config/read.js';
import {findAgentOs} from '../../project/agent-os/layout.js';
import {BulkheadCommand} from '../command.js';
import {userConfigFile} from '../places.js';
import {renderConfig} from '../render/config.js';
import {listSettings, type EffectiveSetting} from '../effective-settings.js';
import {readCheckout, treeAt} from '../wire.js';

/** The effective configuration, with where each value came from. */
export interface ConfigResult {
  readonly settings: readonly EffectiveSetting[];
  readonly files: readonly ConfigFile[];
  readonly agentOs: readonly AgentOsKey[];
}

/** `config`: what holds here, who said it, and what becomes of an Agent OS configuration. Changes nothing. */
export default class Config extends BulkheadCommand<ConfigResult> {
  static override summary = 'print the effective configuration and where each value came from';
  static override description =
    'Flags stand above environment variables, then the user’s own file, then bulkhead.yml, then an Agent OS config.yml, then the defaults. What comes with a repository can only narrow what acts on this machine.';

  async run(): Promise<ConfigResult> {
    const {flags} = await this.parse(Config);
    const {directory, engine, signal} = this.context(flags);
    const checkout = await readCheckout(directory, signal);
    const {config, files} = await readConfigFiles({repositoryRoot: checkout.root, userConfigFile: userConfigFile(process.env), signal});
    const nested = await nestedConfigs(checkout, signal);
    return this.finish({settings: listSettings({config, env: process.env, engine}), files: [...files, ...nested], agentOs: config.agentOs});
  }

  protected render(result: ConfigResult): string {
    return renderConfig(result);
  }
}

/** Configurations of Agent OS deeper in the tree: a run is of the whole repository, so they limit nothing, which is said. */
async function nestedConfigs(checkout: Awaited<ReturnType<typeof readCheckout>>, signal: AbortSignal): Promise<readonly ConfigFile[]> {
  const paths = (await treeAt(checkout, checkout.head).list(signal)).map(({path}) => path);
  const atRoot: readonly string[] = agentOsConfigFiles;
  return findAgentOs(paths).flatMap(({config}): readonly ConfigFile[] =>
    config === undefined || atRoot.includes(config) ? [] : [{path: config, origin: 'agent-os', state: 'not-read', why: 'is not at the root of the repository, where alone it counts'}],
  );
}
