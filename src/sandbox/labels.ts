import type {Ownership} from '../core/sandbox.js';

/** The labels that everything of ours on an engine carries; `clean` finds things by them and never by a name. */
export const labelKeys = {
  run: 'dev.bulkhead.run',
  owner: 'dev.bulkhead.owner',
  /** ISO time after which a sweep may take it for abandoned. */
  expires: 'dev.bulkhead.expires',
  kind: 'dev.bulkhead.kind',
  /** On snapshots: what the volume was filled from. */
  content: 'dev.bulkhead.content',
  /** On snapshots: `yes` when there are files of ours to show in a box. */
  harness: 'dev.bulkhead.harness',
} as const;

/** What a labelled object is for. */
export type ObjectKind = 'box' | 'process' | 'helper' | 'snapshot' | 'upper' | 'workspace';

/** Seven days: longer than any run, so that only what was really abandoned is ever past it. */
const lifetimeMs = 7 * 24 * 3_600_000;

/** The labels of one new object. `now` is the moment of its creation. */
export function makeLabels(ownership: Ownership, kind: ObjectKind, now: Date): Record<string, string> {
  return {
    [labelKeys.run]: ownership.runId,
    [labelKeys.owner]: ownership.owner,
    [labelKeys.expires]: new Date(now.getTime() + lifetimeMs).toISOString(),
    [labelKeys.kind]: kind,
  };
}

/** The owner in the labels of an object, or undefined when it is not ours. */
export function ownershipOf(labels: Readonly<Record<string, string>> | null | undefined): Ownership | undefined {
  const runId = labels?.[labelKeys.run];
  if (runId === undefined) return undefined;
  return {runId, owner: labels?.[labelKeys.owner] ?? ''};
}
