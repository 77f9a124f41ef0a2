import {z} from 'zod';
import type {JournalEvent} from '../core/journal.js';
import type {Driver} from '../record/driver/owner.js';
import {foldRun} from '../record/journal/state.js';

const RunRow = z.strictObject({
  runId: z.string(),
  task: z.string(),
  repository: z.string().describe('absolute path of the checkout'),
  status: z.enum(['running', 'interrupted', 'parked', 'verified', 'blocked', 'inconclusive', 'cancelled']).describe('interrupted: nobody drives it, and it can go on'),
  driver: z.enum(['none', 'alive', 'unknown']).describe('whether a living process drives the run; unknown: it may, on another machine or in another container'),
  owner: z.string().optional().describe('the process that drove it last: its host, its number, and what tells it from another one'),
  startedAt: z.iso.datetime(),
  lastAt: z.iso.datetime().describe('when the journal said something last'),
  under: z.array(z.string()).describe('steps that were begun and not finished'),
  turns: z.record(z.string(), z.int()).describe('model turns that came back, per specialist'),
  unknownEffects: z.int().describe('acts of which it is not known what they did: their process ended while they were under way'),
  verifications: z.array(z.strictObject({round: z.int(), verdict: z.string(), findings: z.int()})),
  parked: z.strictObject({code: z.string(), message: z.string()}).optional().describe('why it stopped'),
  commit: z.string().optional().describe('what was verified last'),
  branch: z.string().optional().describe('the result branch'),
  override: z.string().optional().describe('why a person took what was not verified'),
});

const DamagedRow = z.strictObject({runId: z.string(), status: z.literal('damaged'), message: z.string()});

/** A run by its journal, or one whose journal cannot be read. */
export const StatusRow = z.union([RunRow, DamagedRow]);
export type StatusRow = z.infer<typeof StatusRow>;

/** What `status --json` prints. */
export const StatusRows = z.array(StatusRow);

/** What a journal says of a run; undefined for one that never began. Pure. */
export function statusRow(events: readonly JournalEvent[], driver: Driver): z.infer<typeof RunRow> | undefined {
  const state = foldRun(events, driver);
  if (state === undefined) return undefined;
  const {owner, commit, branch, override, under, turns, verifications, ...same} = state;
  const last = events.findLast((event) => event.type === 'run.parked');
  return {
    ...same,
    driver,
    under: [...under],
    // An object with a prototype again, which a comparison of two rows would miss.
    turns: Object.fromEntries(Object.entries(turns)),
    verifications: [...verifications],
    ...(owner === undefined ? {} : {owner}),
    ...(state.status === 'parked' && last !== undefined ? {parked: {code: last.code, message: last.message}} : {}),
    ...(commit === undefined ? {} : {commit}),
    ...(branch === undefined ? {} : {branch}),
    ...(override === undefined ? {} : {override}),
  };
}
