import type {Config, Setting} from '../project/config.js';
import {baseUrlSetting, engineSetting, type AnyOrigin} from './inputs/environment.js';

/** One value that holds. */
export interface EffectiveSetting {
  /** Dotted, as in a configuration file. */
  readonly key: string;
  /** Null: nobody sets it. */
  readonly value: unknown;
  readonly origin: AnyOrigin;
  /** The variable, where the environment says it. */
  readonly variable?: string;
}

/** Every setting by its dotted key, flags and environment included. The model's key itself is never among them. */
export function listSettings({config, env, engine}: {readonly config: Config; readonly env: NodeJS.ProcessEnv; readonly engine: string | undefined}): readonly EffectiveSetting[] {
  const {image, limits, runtime, requireGvisor, maxParallel, repairRounds, maxTurns, disk, submission, model, context, registries} = config;
  const row = (key: string, {value, ...from}: Setting<unknown> | ReturnType<typeof engineSetting>): EffectiveSetting => ({key, value: withoutPassword(value) ?? null, ...from});
  return [
    row('image', image),
    ...Object.entries(limits).map(([name, setting]) => row(`limits.${name}`, setting)),
    row('engine', engineSetting({flag: engine, env, config})),
    row('runtime', runtime),
    row('requireGvisor', requireGvisor),
    row('maxParallel', maxParallel),
    row('repairRounds', repairRounds),
    row('maxTurns', maxTurns),
    row('disk.budgetGiB', disk.budgetGiB),
    ...Object.entries(submission).map(([name, setting]: [string, Setting<unknown>]) => row(`submission.${name}`, setting)),
    row('registries', {...registries, value: registries.value.length === 0 ? null : registries.value}),
    row('model.name', model.name),
    row('model.baseUrl', baseUrlSetting(env, config)),
    row('model.keyFile', model.keyFile),
    row('model.maxTokens', model.maxTokens),
    ...Object.entries(context).map(([name, setting]: [string, Setting<unknown>]) => row(`context.${name}`, setting)),
    ...Object.entries(config.contextTokens).map(([name, setting]) => row(`specialists.${name}.context.tokens`, setting)),
    ...Object.entries(config.specialists).flatMap(([name, {value, origin}]) => (value.scope === undefined ? [] : [row(`specialists.${name}.scope.write`, {value: value.scope.write, origin})])),
  ];
}

/** An address may carry a name and a password. */
function withoutPassword(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1…@') : value;
}
