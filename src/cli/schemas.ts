import {z} from 'zod';
import {JournalEvent} from '../core/journal.js';
import {Manifest} from '../core/manifest.js';
import {Report} from '../core/report.js';
import {RepositoryConfig, UserConfig} from '../project/config-schema.js';
import {StatusRows} from './status-row.js';
import {trafficSchema} from './wire.js';

/** A JSON Schema, as JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const schemas: Readonly<Record<string, () => z.ZodType>> = {
  manifest: () => Manifest,
  config: () => RepositoryConfig,
  'user-config': () => UserConfig,
  report: () => Report,
  events: () => JournalEvent,
  status: () => StatusRows,
  traffic: trafficSchema,
};

/** What there is a schema of. */
export const schemaNames: readonly string[] = Object.keys(schemas);

/** The JSON Schema of something that a user writes or reads; undefined for a name that is none. */
export function jsonSchema(name: string): JsonSchema | undefined {
  const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  // What a user writes is described as it is typed, before defaults are filled in.
  return schema && z.toJSONSchema(schema(), {io: 'input', unrepresentable: 'any'});
}
