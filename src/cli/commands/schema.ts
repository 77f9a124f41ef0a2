import {Args} from '@oclif/core';
import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import {JournalEvent} from '../../core/journal.js';
import {Manifest} from '../../core/manifest.js';
import {Report} from '../../core/report.js';
import {RepositoryConfig, UserConfig} from '../../project/config-schema.js';
import {BulkheadCommand} from '../command.js';
import {trafficSchema} from '../wire.js';

type JsonSchema = Readonly<Record<string, unknown>>;

const schemas: Readonly<Record<string, () => z.ZodType>> = {
  manifest: () => Manifest,
  config: () => RepositoryConfig,
  'user-config': () => UserConfig,
  report: () => Report,
  events: () => JournalEvent,
  traffic: trafficSchema,
};

/** `schema NAME`: the JSON Schema of something that a user writes or reads. */
export default class Schema extends BulkheadCommand<JsonSchema> {
  static override summary = 'print the JSON Schema of a file, for editors and other programs';
  static override args = {name: Args.string({required: true, description: Object.keys(schemas).join(', ')})};

  async run(): Promise<JsonSchema> {
    const {args} = await this.parse(Schema);
    const schema = Object.hasOwn(schemas, args.name) ? schemas[args.name] : undefined;
    if (schema === undefined) throw new AppError('USAGE', `There is no schema \`${args.name}\`.`, {hint: `There are: ${Object.keys(schemas).join(', ')}.`});
    // What a user writes is described as it is typed, before defaults are filled in.
    return this.finish(z.toJSONSchema(schema(), {io: 'input', unrepresentable: 'any'}));
  }

  protected render(schema: JsonSchema): string {
    return `${JSON.stringify(schema, null, 2)}\n`;
  }
}
