import {Args} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import {BulkheadCommand} from '../command.js';
import {jsonSchema, schemaNames, type JsonSchema} from '../schemas.js';

/** `schema NAME`: the JSON Schema of something that a user writes or reads. */
export default class Schema extends BulkheadCommand<JsonSchema> {
  static override summary = 'print the JSON Schema of a file, for editors and other programs';
  static override args = {name: Args.string({required: true, description: schemaNames.join(', ')})};

  async run(): Promise<JsonSchema> {
    const {args} = await this.parse(Schema);
    const schema = jsonSchema(args.name);
    if (schema === undefined) throw new AppError('USAGE', `There is no schema \`${args.name}\`.`, {hint: `There are: ${schemaNames.join(', ')}.`});
    return this.finish(schema);
  }

  protected render(schema: JsonSchema): string {
    return `${JSON.stringify(schema, null, 2)}\n`;
  }
}
