import type {SpecialistConfig} from '../core/specialist.js';
import type {AgentOsKey} from './agent-os-config/judge.js';
import type {Config, Setting} from './config.js';
import type {Registry} from './install/registries.js';
import {CompressionLevel, configDefaults, defaultContextTokens, type RepositoryConfig, type UserConfig} from './config-schema.js';

/** What each layer says of one value, the highest first. */
interface Layers<T> {
  readonly user?: T | undefined;
  readonly repository?: T | undefined;
  readonly agentOs?: T | undefined;
}

/** Lays the user's values over the repository's over what an Agent OS configuration narrows over the defaults. Pure. */
export function effectiveConfig(repository: RepositoryConfig, user: UserConfig, agentOs: readonly AgentOsKey[] = []): Config {
  const {limits, context, model} = configDefaults;
  const limit = (name: keyof typeof limits): Setting<number> => layered<number>({user: user.limits?.[name], repository: repository.limits?.[name]}, limits[name]);
  const cap = (name: keyof typeof configDefaults.submission): Setting<number> => layered<number>({user: user.submission?.[name]}, configDefaults.submission[name]);
  const narrowed = (name: string, own: number | undefined, fallback: number): Setting<number> => layered<number>({user: own, agentOs: lowest(agentOs, name)}, fallback);
  const config = {
    image: layered<string>({user: user.image, repository: repository.image}, configDefaults.image),
    limits: {memoryMiB: limit('memoryMiB'), cpus: limit('cpus'), pids: limit('pids'), diskMiB: limit('diskMiB'), inodes: limit('inodes')},
    specialists: specialistSettings(repository, user),
    contextTokens: contextTokens(repository, user, agentOs),
    context: {
      cacheSize: narrowed('context.cacheSize', user.context?.cacheSize, context.cacheSize),
      refreshIntervalMs: narrowed('context.refreshIntervalMs', user.context?.refreshIntervalMs, context.refreshIntervalMs),
      compressionLevel: layered<CompressionLevel>({user: user.context?.compressionLevel, agentOs: compressionLevel(agentOs)}, context.compressionLevel),
    },
    engine: layered<string | undefined>({user: user.engine}, undefined),
    // Of the user alone: a repository must not choose the wall that it is kept behind.
    runtime: layered<string | undefined>({user: user.runtime}, undefined),
    requireGvisor: layered<boolean>({user: user.requireGvisor}, false),
    maxParallel: narrowed('maxParallel', user.maxParallel, configDefaults.maxParallel),
    repairRounds: narrowed('repairRounds', user.repairRounds, configDefaults.repairRounds),
    maxTurns: layered<number>({user: user.maxTurns}, configDefaults.maxTurns),
    disk: {budgetGiB: layered<number>({user: user.disk?.budgetGiB}, configDefaults.disk.budgetGiB)},
    submission: {maxFiles: cap('maxFiles'), maxFileMiB: cap('maxFileMiB'), maxTotalMiB: cap('maxTotalMiB')},
    registries: layered<readonly Registry[]>({user: user.registries}, []),
    model: {
      name: layered<string>({user: user.model?.name}, model.name),
      baseUrl: layered<string | undefined>({user: user.model?.baseUrl}, undefined),
      keyFile: layered<string | undefined>({user: user.model?.keyFile}, undefined),
      maxTokens: layered<number>({user: user.model?.maxTokens}, model.maxTokens),
    },
  };
  return {...config, agentOs: agentOs.map((key) => overruled(key, config))};
}

function layered<T>({user, repository, agentOs}: Layers<T>, fallback: T): Setting<T> {
  if (user !== undefined) return {value: user, origin: 'user'};
  if (repository !== undefined) return {value: repository, origin: 'repository'};
  if (agentOs !== undefined) return {value: agentOs, origin: 'agent-os'};
  return {value: fallback, origin: 'default'};
}

/** Several keys may limit the same: the strictest one holds. */
function lowest(keys: readonly AgentOsKey[], setting: string): number | undefined {
  const values = keys.flatMap((key) => key.sets.filter((one) => one.setting === setting).map((one) => one.value)).filter((value) => typeof value === 'number');
  return values.length === 0 ? undefined : Math.min(...values);
}

function compressionLevel(keys: readonly AgentOsKey[]): CompressionLevel | undefined {
  const said = keys.flatMap((key) => key.sets).find((one) => one.setting === 'context.compressionLevel');
  return CompressionLevel.safeParse(said?.value).data;
}

function specialistSettings(repository: RepositoryConfig, user: UserConfig): Config['specialists'] {
  // Without a prototype, so that a specialist named `constructor` is only there when a file says so.
  const settings = Object.create(null) as Record<string, Setting<SpecialistConfig, 'repository' | 'user'>>;
  for (const [name, value] of Object.entries(repository.specialists ?? {})) settings[name] = {value, origin: 'repository'};
  for (const [name, value] of Object.entries(user.specialists ?? {})) settings[name] = {value, origin: 'user'};
  return settings;
}

function contextTokens(repository: RepositoryConfig, user: UserConfig, agentOs: readonly AgentOsKey[]): Config['contextTokens'] {
  const settings = Object.create(null) as Record<string, Setting<number>>;
  const tokensOf = (config: RepositoryConfig, name: string): number | undefined => (Object.hasOwn(config.specialists ?? {}, name) ? config.specialists?.[name]?.context?.tokens : undefined);
  const names = [configDefaults.contextTokens, repository.specialists ?? {}, user.specialists ?? {}].flatMap((each) => Object.keys(each));
  for (const name of new Set(names)) {
    const said = {user: tokensOf(user, name), repository: tokensOf(repository, name), agentOs: lowest(agentOs, `contextTokens.${name}`)};
    settings[name] = layered<number>(said, defaultContextTokens(name));
  }
  return settings;
}

/** A key that was judged used and whose setting somebody above has decided has no effect after all. */
function overruled(key: AgentOsKey, config: Omit<Config, 'agentOs'>): AgentOsKey {
  const above = key.sets.map((one) => settingAt(config, one.setting)).find((setting) => setting?.origin === 'user' || setting?.origin === 'repository');
  if (above === undefined) return key;
  const who = above.origin === 'user' ? 'your own configuration' : 'bulkhead.yml';
  return {...key, effect: 'not-used', why: `${who} sets \`${key.sets[0]?.setting ?? ''}\` and stands above it`, sets: []};
}

function settingAt(config: Omit<Config, 'agentOs'>, dotted: string): Setting<unknown> | undefined {
  const [first = '', second] = dotted.split('.');
  const group: Readonly<Record<string, unknown>> = {maxParallel: config.maxParallel, repairRounds: config.repairRounds, contextTokens: config.contextTokens, context: config.context};
  const found = second === undefined ? group[first] : (group[first] as Readonly<Record<string, unknown>> | undefined)?.[second];
  return found as Setting<unknown> | undefined;
}
