import type {Config, Origin} from '../../project/config.js';

/** Where a value comes from when flags and the environment count too; the highest first: flag, environment, user. */
export type AnyOrigin = Origin | 'flag' | 'environment';

/** A value that flags and environment may set above the configuration files. */
export interface OuterSetting {
  readonly value: string | undefined;
  readonly origin: AnyOrigin;
  /** The variable, where the environment says it. */
  readonly variable?: string;
}

/** Variables that name an engine, the first one first, as discovery reads them. */
const engineVariables = ['BULKHEAD_ENGINE', 'DOCKER_HOST'];

/** The engine's address: flag, environment, the user's file; undefined is found by looking. */
export function engineSetting({flag, env, config}: {readonly flag: string | undefined; readonly env: NodeJS.ProcessEnv; readonly config: Pick<Config, 'engine'>}): OuterSetting {
  if (flag !== undefined) return {value: flag, origin: 'flag'};
  return fromEnvironment(env, engineVariables) ?? config.engine;
}

/** What discovery is to take as named: nothing when the environment names one, which it reads itself. */
export function namedEngine(query: {readonly flag: string | undefined; readonly env: NodeJS.ProcessEnv; readonly config: Pick<Config, 'engine'>}): string | undefined {
  const {value, origin} = engineSetting(query);
  return origin === 'environment' ? undefined : value;
}

/** The model's endpoint: environment, then the user's file; undefined is the client's own. */
export function baseUrlSetting(env: NodeJS.ProcessEnv, config: Pick<Config, 'model'>): OuterSetting {
  return fromEnvironment(env, ['ANTHROPIC_BASE_URL']) ?? config.model.baseUrl;
}

function fromEnvironment(env: NodeJS.ProcessEnv, variables: readonly string[]): OuterSetting | undefined {
  for (const variable of variables) {
    const value = env[variable];
    if (value !== undefined && value !== '') return {value, origin: 'environment', variable};
  }
  return undefined;
}
