import {z} from 'zod';
import {CheckResult, TestSummary, Verdict, Verification} from './verification.js';
import {Finding} from './finding.js';
import {Usage} from './specialist.js';

/** Requests whose answer never arrived because the process ended: the provider may have counted them, so they are estimated. */
export const InterruptedTurns = z.strictObject({requests: z.int(), inputTokens: z.int(), outputTokensAtMost: z.int()});
export type InterruptedTurns = z.infer<typeof InterruptedTurns>;

/** The context package of a specialist, and how well it fitted what the specialist did; parts are from 0 to 1. */
export const ContextUse = z.strictObject({
  sha256: z.string(),
  budget: z.int().describe('estimated tokens'),
  tokens: z.int().describe('estimated tokens'),
  utilisation: z.number().describe('used part of the budget'),
  hits: z.number().describe('part of the changed files that the package told, an outline included'),
  wordForWord: z.number().describe('the same, told word for word'),
  waste: z.number().describe('part of the tokens that went to files which were neither opened nor changed'),
});
export type ContextUse = z.infer<typeof ContextUse>;

/** What a run or a lone verification ends with; `--json` prints exactly this. */
export const Report = z.strictObject({
  schemaVersion: z.literal(1),
  runId: z.string().optional(),
  task: z.string(),
  verdict: Verdict,
  base: z.string(),
  commit: z.string().describe('V: the commit that was verified'),
  tree: z.string(),
  bookkeeping: z.string().optional().describe('T: V with the ticked task file on top'),
  branch: z.string().optional(),
  manifestSha256: z.string(),
  manifestSource: z.string(),
  traffic: z.enum(['live', 'replayed', 'none']),
  image: z.strictObject({reference: z.string(), id: z.string(), digest: z.string().optional(), diffIds: z.array(z.string())}),
  engine: z.strictObject({name: z.string(), version: z.string(), apiVersion: z.string()}),
  dependencies: z
    .strictObject({
      install: z.array(z.string()),
      prepare: z.array(z.string()).optional(),
      packages: z.int().describe('in the lock file of the verified commit'),
      base: z.array(z.string()).describe('layers under the tests on the base, the topmost first'),
      commit: z.array(z.string()).describe('layers under the tests on the verified commit, the topmost first'),
    })
    .optional()
    .describe('what was installed; a layer is named by its content'),
  checks: z.array(CheckResult),
  findings: z.array(Finding),
  tests: TestSummary.optional(),
  restored: z.array(z.string()).describe('protected files that were graded with the version of the base'),
  notes: z.array(z.string()).describe('what a person should know besides the verdict'),
  lookFirst: z
    .array(z.strictObject({path: z.string(), what: z.string()}))
    .optional()
    .describe("what of the change deserves a person's eye before anything else: hooks, CI, package scripts, lock files, editor and agent configuration, and files that were merged by a rule"),
  override: z.strictObject({at: z.string(), reason: z.string(), commit: z.string()}).optional().describe('a person took what was not verified'),
  reportPath: z.string().optional().describe('where the report for people stands on this machine; only in what a command prints'),
  rounds: z.array(Verification.pick({verdict: true, commit: true, findings: true})).describe('every verification, the last one included'),
  specialists: z.array(
    z.strictObject({
      specialist: z.string(),
      turns: z.int(),
      submissions: z.array(z.string()),
      usage: Usage,
      interrupted: InterruptedTurns.optional(),
      context: ContextUse.optional(),
      entered: z.int().optional().describe('how often a person started a process of their own in its boxes: its work is not its own alone then; absent: never'),
      summary: z.string(),
    }),
  ),
  timings: z.record(z.string(), z.int()).describe('milliseconds; `journalSync` is what making the journal durable took'),
});
export type Report = z.infer<typeof Report>;
