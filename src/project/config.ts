import {join} from 'node:path';
import type {SpecialistConfig} from '../core/specialist.js';
import {readRepositoryConfig, readUserConfig} from './config-file.js';
import {configDefaults, type RepositoryConfig, type UserConfig} from './config-schema.js';

/** Where a value comes from. Flags and environment variables are the caller's and stand above these. */
export type Origin = 'default' | 'repository' | 'user';

/** A value that holds, and who said it. */
export interface Setting<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** The effective configuration; plain data, so that it can be printed as JSON. Units as in {@link configDefaults}. */
export interface Config {
  readonly image: Setting<string>;
  readonly limits: {readonly memoryMiB: Setting<number>; readonly cpus: Setting<number>; readonly pids: Setting<number>};
  /** By name, without a prototype: any name may be looked up. Only what a file configures is here. */
  readonly specialists: Readonly<Record<string, Setting<SpecialistConfig>>>;
  /** Address of the container engine; undefined: found by looking. */
  readonly engine: Setting<string | undefined>;
  readonly maxParallel: Setting<number>;
  readonly repairRounds: Setting<number>;
  readonly maxTurns: Setting<number>;
  readonly model: {
    readonly name: Setting<string>;
    readonly baseUrl: Setting<string | undefined>;
    /** Absolute path of a file that holds the key. */
    readonly keyFile: Setting<string | undefined>;
    readonly maxTokens: Setting<number>;
  };
}

/** Which files to read. */
export interface ConfigRequest {
  /** Root of the checkout; `bulkhead.yml` lies there, if there is one. */
  readonly repositoryRoot: string;
  /** The user's own file; it need not exist. Undefined: none is read. */
  readonly userConfigFile: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads both configuration files and says what holds: the user's value, else the repository's, else the default.
 * Throws CONFIG_INVALID (with file, line and key) and CONFIG_KEY_NOT_ALLOWED; never falls back when a file is wrong.
 */
export async function readConfig({repositoryRoot, userConfigFile, signal}: ConfigRequest): Promise<Config> {
  const repository = await readRepositoryConfig(join(repositoryRoot, 'bulkhead.yml'), signal);
  const user = userConfigFile === undefined ? undefined : await readUserConfig(userConfigFile, signal);
  return effectiveConfig(repository ?? {}, user ?? {});
}

/** The pure half of {@link readConfig}: lays the user's values over the repository's over the defaults. */
export function effectiveConfig(repository: RepositoryConfig, user: UserConfig): Config {
  const limit = (name: keyof typeof configDefaults.limits): Setting<number> =>
    setting<number>(user.limits?.[name], repository.limits?.[name], configDefaults.limits[name]);
  return {
    image: setting<string>(user.image, repository.image, configDefaults.image),
    limits: {memoryMiB: limit('memoryMiB'), cpus: limit('cpus'), pids: limit('pids')},
    specialists: specialistSettings(repository, user),
    engine: setting(user.engine, undefined, undefined),
    maxParallel: setting<number>(user.maxParallel, undefined, configDefaults.maxParallel),
    repairRounds: setting<number>(user.repairRounds, undefined, configDefaults.repairRounds),
    maxTurns: setting<number>(user.maxTurns, undefined, configDefaults.maxTurns),
    model: {
      name: setting<string>(user.model?.name, undefined, configDefaults.model.name),
      baseUrl: setting(user.model?.baseUrl, undefined, undefined),
      keyFile: setting(user.model?.keyFile, undefined, undefined),
      maxTokens: setting<number>(user.model?.maxTokens, undefined, configDefaults.model.maxTokens),
    },
  };
}

function setting<T>(user: T | undefined, repository: T | undefined, fallback: T): Setting<T> {
  if (user !== undefined) return {value: user, origin: 'user'};
  if (repository !== undefined) return {value: repository, origin: 'repository'};
  return {value: fallback, origin: 'default'};
}

function specialistSettings(repository: RepositoryConfig, user: UserConfig): Readonly<Record<string, Setting<SpecialistConfig>>> {
  // Without a prototype, so that a specialist named `constructor` is only there when a file says so.
  const settings = Object.create(null) as Record<string, Setting<SpecialistConfig>>;
  for (const [name, value] of Object.entries(repository.specialists ?? {})) settings[name] = {value, origin: 'repository'};
  for (const [name, value] of Object.entries(user.specialists ?? {})) settings[name] = {value, origin: 'user'};
  return settings;
}
