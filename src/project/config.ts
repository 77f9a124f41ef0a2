import {join} from 'node:path';
import type {SpecialistConfig} from '../core/specialist.js';
import type {AgentOsKey} from './agent-os-config/judge.js';
import {readAgentOsConfig} from './agent-os-config/read.js';
import type {Registry} from './install/registries.js';
import {readRepositoryConfig, readUserConfig} from './config-file.js';
import {effectiveConfig} from './config-layers.js';
import type {CompressionLevel} from './config-schema.js';

/** Where a value comes from. Flags and environment variables are the caller's and stand above these. */
export type Origin = 'default' | 'agent-os' | 'repository' | 'user';

/** A value that holds, and who said it. */
export interface Setting<T, Who extends Origin = Origin> {
  readonly value: T;
  readonly origin: Who;
}

/** A configuration file, and whether it was read. */
export interface ConfigFile {
  /** The user's and the repository's as they were asked for; Agent OS files relative to the root. */
  readonly path: string;
  readonly origin: Exclude<Origin, 'default'>;
  readonly state: 'read' | 'absent' | 'not-read';
  /** Why it was not read; reads on after the file's name. */
  readonly why?: string;
}

/** The effective configuration; plain data, so that it can be printed as JSON. Units as in `configDefaults`. */
export interface Config {
  readonly image: Setting<string>;
  readonly limits: {readonly memoryMiB: Setting<number>; readonly cpus: Setting<number>; readonly pids: Setting<number>; readonly diskMiB: Setting<number>; readonly inodes: Setting<number>};
  /** By name, without a prototype: any name may be looked up. Only what a file configures is here. */
  readonly specialists: Readonly<Record<string, Setting<SpecialistConfig, 'repository' | 'user'>>>;
  /** Most tokens of a context package, by specialist, without a prototype: the roles of the guide, and who is configured. */
  readonly contextTokens: Readonly<Record<string, Setting<number>>>;
  readonly context: {readonly cacheSize: Setting<number>; readonly refreshIntervalMs: Setting<number>; readonly compressionLevel: Setting<CompressionLevel>};
  /** Address of the container engine; undefined: found by looking. */
  readonly engine: Setting<string | undefined>;
  /** The engine's name of the runtime of boxes; undefined: its default. */
  readonly runtime: Setting<string | undefined>;
  readonly requireGvisor: Setting<boolean>;
  readonly maxParallel: Setting<number>;
  readonly repairRounds: Setting<number>;
  readonly maxTurns: Setting<number>;
  readonly disk: {readonly budgetGiB: Setting<number>};
  readonly submission: {readonly maxFiles: Setting<number>; readonly maxFileMiB: Setting<number>; readonly maxTotalMiB: Setting<number>};
  readonly registries: Setting<readonly Registry[]>;
  readonly model: {
    readonly name: Setting<string>;
    readonly baseUrl: Setting<string | undefined>;
    /** Absolute path of a file that holds the key. */
    readonly keyFile: Setting<string | undefined>;
    readonly maxTokens: Setting<number>;
  };
  /** Every value of the Agent OS configuration, and what becomes of it. */
  readonly agentOs: readonly AgentOsKey[];
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
 * Reads the configuration files and says what holds: the user's value, else the repository's, else what an Agent OS
 * configuration narrows, else the default. Throws CONFIG_INVALID (with file, line and key) and CONFIG_KEY_NOT_ALLOWED;
 * never falls back when a file is wrong.
 */
export async function readConfig(request: ConfigRequest): Promise<Config> {
  return (await readConfigFiles(request)).config;
}

/** As {@link readConfig}, with the files that were looked at. */
export async function readConfigFiles({repositoryRoot, userConfigFile, signal}: ConfigRequest): Promise<{readonly config: Config; readonly files: readonly ConfigFile[]}> {
  const repositoryFile = join(repositoryRoot, 'bulkhead.yml');
  const repository = await readRepositoryConfig(repositoryFile, signal);
  const user = userConfigFile === undefined ? undefined : await readUserConfig(userConfigFile, signal);
  const agentOs = await readAgentOsConfig(repositoryRoot, signal);
  const state = (read: unknown): ConfigFile['state'] => (read === undefined ? 'absent' : 'read');
  return {
    config: effectiveConfig(repository ?? {}, user ?? {}, agentOs.flatMap((file) => file.keys)),
    files: [
      ...(userConfigFile === undefined ? [] : [{path: userConfigFile, origin: 'user' as const, state: state(user)}]),
      {path: repositoryFile, origin: 'repository', state: state(repository)},
      ...agentOs.map(({keys: _, ...file}) => ({...file, origin: 'agent-os' as const})),
    ],
  };
}
