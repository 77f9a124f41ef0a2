import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {jsonSchema, schemaNames} from '../../../src/cli/schemas.js';
import {renderEventsPage} from './events-page.js';

const root = join(import.meta.dirname, '../../..');
const pinned = join(root, 'test/fixtures/schemas');

/** `npm run pin:schemas` writes them anew, after a change that is meant. */
test.each(schemaNames)('the schema of %s is the one that others rely on', async (name) => {
  await expect(`${JSON.stringify(jsonSchema(name), null, 2)}\n`).toMatchFileSnapshot(join(pinned, `${name}.json`));
});

test.skipIf(process.env['npm_lifecycle_event'] === 'pin:schemas')('each schema is pinned, and nothing else', async () => {
  expect((await readdir(pinned)).sort()).toEqual(schemaNames.map((name) => `${name}.json`).sort());
});

test('the page on events says what the schema says', async () => {
  await expect(renderEventsPage()).toMatchFileSnapshot(join(root, 'docs/events.md'));
});

test('a name that every object has is no schema', () => {
  for (const name of ['constructor', '__proto__', 'toString']) expect(jsonSchema(name)).toBeUndefined();
});
