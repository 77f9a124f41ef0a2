import {appendFile, readFile} from 'node:fs/promises';
import {z} from 'zod';
import {kinds} from './points.js';

const Result = z.strictObject({
  kind: z.enum(kinds),
  point: z.string(),
  seconds: z.number(),
  ok: z.boolean(),
  stoppedAt: z.int().optional().describe('events in the journal when the run was stopped; absent when that was never known'),
  differs: z.array(z.string()),
  kept: z.string().optional().describe('folder of a point that failed'),
});
/** What became of one point. */
export type Result = z.infer<typeof Result>;

/** The results that a file of an earlier soak has; none when there is no such file. */
export async function readResults(file: string): Promise<readonly Result[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [Result.parse(JSON.parse(line))]));
}

/** Adds one result; two shards may write to the same file. */
export async function addResult(file: string, result: Result): Promise<void> {
  await appendFile(file, `${JSON.stringify(result)}\n`);
}

/** One line for a person. */
export function renderResult({kind, point, seconds, ok, stoppedAt, differs, kept}: Result): string {
  const end = ok ? 'ok' : `FAILED: ${differs.join('; ')}${kept === undefined ? '' : ` (kept: ${kept})`}`;
  return `${kind.padEnd(6)} ${point.padEnd(28)} ${seconds.toFixed(1).padStart(6)} s  ${stoppedAt === undefined ? '' : `stopped at ${stoppedAt}, `}${end}\n`;
}

/** The table: points, held, failed, for each kind that was looked at. */
export function renderTable(results: readonly Result[]): string {
  const places = new Set(results.filter((one) => one.kind === 'kill').map((one) => one.stoppedAt)).size;
  const rows = kinds.flatMap((kind) => {
    const all = results.filter((one) => one.kind === kind);
    const held = all.filter((one) => one.ok).length;
    return all.length === 0 ? [] : [`${kind.padEnd(8)}${String(all.length).padStart(8)}${String(held).padStart(8)}${String(all.length - held).padStart(8)}\n`];
  });
  return `${'kind'.padEnd(8)}${'points'.padStart(8)}${'held'.padStart(8)}${'failed'.padStart(8)}\n${rows.join('')}${places === 0 ? '' : `the kills fell on ${places} different numbers of events\n`}`;
}
