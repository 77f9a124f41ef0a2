import {mkdir, readFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {sha256} from '../../core/canonical.js';
import {AppError} from '../../core/errors.js';
import type {FinishedStep} from '../../core/journal.js';
import {syncFolder, writeDurably} from '../durable.js';

/** Outcomes above this many bytes stand beside the journal, so that its lines stay short: a tool's longest answer fits. */
const maxInlineBytes = 32_768;

/** What goes into a journal's line for an outcome. */
export type Recorded = Pick<FinishedStep, 'outcome' | 'beside'>;

/** The form of an outcome for the journal; a large one is written beside it first, named by its hash. */
export async function keepOutcome(journal: string, outcome: unknown): Promise<Recorded> {
  const text = JSON.stringify(outcome) as string | undefined;
  if (text === undefined || Buffer.byteLength(text) <= maxInlineBytes) return {outcome};
  const beside = {sha256: sha256(text), bytes: Buffer.byteLength(text)};
  const file = besideFile(journal, beside.sha256);
  if ((await mkdir(dirname(file), {recursive: true, mode: 0o700})) !== undefined) await syncFolder(dirname(journal));
  await writeDurably(file, text);
  return {outcome: plainMembers(outcome), beside};
}

/** The whole outcome again. Throws JOURNAL_DAMAGED. */
export async function wholeOutcome(journal: string, {outcome, beside}: Recorded): Promise<unknown> {
  if (beside === undefined) return outcome;
  const file = besideFile(journal, beside.sha256);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined && sha256(text) === beside.sha256) return JSON.parse(text) as unknown;
  throw new AppError('JOURNAL_DAMAGED', `${file} is ${text === undefined ? 'not there' : 'not as it was written'}.`, {
    hint: 'Restore it, or `bulkhead discard` the run: its submissions stay until then.',
  });
}

/** The folder of the large outcomes of a journal. */
export function outputsFolder(journal: string): string {
  return join(dirname(journal), 'outputs');
}

function besideFile(journal: string, hash: string): string {
  return join(outputsFolder(journal), `${hash}.json`);
}

/** Ids, states and counts: what a look at the journal alone needs. */
function plainMembers(outcome: unknown): unknown {
  if (typeof outcome !== 'object' || outcome === null || Array.isArray(outcome)) return undefined;
  return Object.fromEntries(Object.entries(outcome).filter(([, member]) => typeof member === 'number' || typeof member === 'boolean' || (typeof member === 'string' && member.length <= 256)));
}
