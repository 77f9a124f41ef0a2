import {jsonSchema} from '../../../src/cli/schemas.js';

interface Property {
  readonly const?: unknown;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly description?: string;
}
interface EventSchema {
  readonly description?: string;
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
}

const head = `# Events

Everything that happens in a run is a line of its journal, \`journal.ndjson\` in the folder of the run: one JSON object a
line, appended and never changed. \`--events FILE\` of \`run\` and \`resume\` writes the same lines, byte for byte, to a file
or a pipe as they come; \`logs RUN --json\` prints them as an array, \`logs RUN -f --json\` one a line. \`status\`, \`logs\`
and the report are made from nothing else.

Made from the schema (\`bulkhead schema events\`) by \`npm run pin:schemas\`. A type or a field may be added; none changes
its meaning under the same \`schemaVersion\`.

## For a program that reads them

- \`seq\` counts from 0 without a gap. \`prev\` is the sha-256 of the line before, without its line feed.
- \`--events\` begins with the first line of the journal, also on \`resume\`, and appends to a file that is there: drop what
  you know by \`seq\`. A line that a full disk made Bulkhead take back comes again with the same \`seq\`.
- \`--events -\` has stdout for itself: the report goes to stderr, and it goes with neither \`--json\` nor \`--detach\`. A pipe
  may get its reader later. A reader that goes away or is slow neither ends nor holds up the run.
- A run has one \`run.opened\`, one \`run.driven\` for each process that drove it, and at most one \`run.closed\`. Whether
  somebody drives it now, \`bulkhead status --json\` tells (\`driver\`).
- What a specialist says is reported, never verified. Secrets of this machine are taken out before a line is written.
- Steps are named \`KIND/…\`: \`freeze\`, \`lock\`, \`turn/SPECIALIST/N\`, \`tool/SPECIALIST/TURN/CALL\`,
  \`box|export/SPECIALIST/PHASE/N\`, \`submission/SPECIALIST/PHASE\`, \`merge/ROUND/SPECIALIST/N\`,
  \`resolve|decide/ROUND/SPECIALIST\`, \`verify/ROUND\`, \`bookkeeping\`, \`deliver\`. Names and outcomes of steps belong to
  the version of Bulkhead that wrote them.
`;

/** The page on events, from the schema. */
export function renderEventsPage(): string {
  const {oneOf} = jsonSchema('events') as {readonly oneOf: readonly EventSchema[]};
  const [first] = oneOf;
  if (first === undefined) throw new TypeError('there is no event in the schema');
  const shared = Object.keys(first.properties).filter((name) => name !== 'type' && oneOf.every((one) => name in one.properties && JSON.stringify(one.properties[name]) === JSON.stringify(first.properties[name])));
  const rows = oneOf.map((one) => `| \`${String(one.properties['type']?.const)}\` | ${cell(one.description ?? '')} | ${fields(one, (name) => name !== 'type' && !shared.includes(name))} |`);
  return `${head}\n## Types\n\nEach has ${fields(first, (name) => shared.includes(name))}, and \`type\`.\n\n| type | when | fields |\n|---|---|---|\n${rows.join('\n')}\n`;
}

function fields({properties, required}: EventSchema, shown: (name: string) => boolean): string {
  const named = Object.entries(properties).filter(([name]) => shown(name));
  return named.map(([name, property]) => `\`${name}\`${required.includes(name) ? '' : '?'}${about(property)}`).join(', ');
}

function about({enum: values, description, const: only}: Property): string {
  const what = [only === undefined ? '' : JSON.stringify(only), values?.join(' / ') ?? '', description ?? ''].filter((text) => text !== '').join(': ');
  return what === '' ? '' : ` (${cell(what)})`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
