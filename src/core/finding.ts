import {z} from 'zod';
import {findingCodes, type FindingCode} from './codes.js';

/** The five checks of a verification, in their order. */
export const CheckName = z.enum(['files', 'content', 'tests', 'acceptance', 'integration']);
export type CheckName = z.infer<typeof CheckName>;

/** How strong a fact is: seen in git objects, reported by a runner in the same process as the code, read from a report that the test command itself wrote, told by an exit code alone, or the state of the harness. */
export const EvidenceClass = z.enum(['file-fact', 'in-process', 'own-report', 'exit-code', 'harness']);
export type EvidenceClass = z.infer<typeof EvidenceClass>;

/** One failed check. */
export const Finding = z.strictObject({
  /** Stable within a verification: `check:code:subject`. */
  id: z.string(),
  code: z.enum(findingCodes as readonly [FindingCode, ...FindingCode[]]),
  check: CheckName,
  /** Path or id of the manifest entry. */
  deliverable: z.string().optional(),
  /** Specialists that must act; empty only for findings of the harness. */
  owners: z.array(z.string()),
  path: z.string().optional(),
  /** What was seen, one sentence. */
  message: z.string(),
  /** What would satisfy it. */
  hint: z.string(),
  evidence: z.strictObject({class: EvidenceClass, detail: z.string().optional()}),
});
export type Finding = z.infer<typeof Finding>;

/** Builds a finding with its stable id. */
export function finding(fields: Omit<Finding, 'id'>): Finding {
  const subject = fields.path ?? fields.deliverable ?? fields.message;
  return {id: `${fields.check}:${fields.code}:${subject}`, ...fields};
}
