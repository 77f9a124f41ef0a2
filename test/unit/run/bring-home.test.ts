import {describe, expect, test} from 'vitest';
import type {JournalEvent} from '../../../src/core/journal.js';
import {unsavedBoxes} from '../../../src/run/work/bring-home.js';
import {interruptedTurns, resultsOf} from '../../../src/run/results.js';

const common = {schemaVersion: 1, seq: 0, at: '2026-11-24T06:00:00.000Z', prev: '0'.repeat(64)} as const;
const started = (step: string, names: Record<string, string> = {}): JournalEvent => ({...common, type: 'step.started', step, inputSha256: 'i', names});
const finished = (step: string, outcome: unknown = {}): JournalEvent => ({...common, type: 'step.finished', step, inputSha256: 'i', outcome, reconciled: false});
const box = (step: string, commit: string): JournalEvent => started(step, {snapshot: `at-${commit}`, box: step.replaceAll('/', '-'), commit});

describe('what a run still has in boxes', () => {
  test('is each box that was begun and whose work is not a commit yet', () => {
    const events = [box('box/a/first/0', 'c0'), finished('box/a/first/0'), box('box/b/first/0', 'c0'), finished('export/a/first/0', {commit: 'c1'}), box('box/a/first/1', 'c1'), started('export/a/first/1')];
    expect(unsavedBoxes(events)).toEqual([
      {specialist: 'b', phase: 'first', index: 0, commit: 'c0', names: {snapshot: 'at-c0', box: 'box-b-first-0'}},
      {specialist: 'a', phase: 'first', index: 1, commit: 'c1', names: {snapshot: 'at-c1', box: 'box-a-first-1'}},
    ]);
  });
});

describe('the work of a specialist', () => {
  test('is what it handed in, else what was brought home, against the commit that its phase began with', () => {
    const brought = [box('box/a/first/0', 'c0'), finished('export/a/first/0', {commit: 'w1'}), box('box/a/first/1', 'w1'), finished('export/a/first/1', {commit: 'w2'})];
    expect(resultsOf(brought).work.get('a')).toEqual({commit: 'w2', from: 'c0'});
    expect(resultsOf([...brought, finished('submission/a/first', {commit: 's', empty: false})]).work.get('a')).toEqual({commit: 's', from: 'c0'});
    expect(resultsOf([box('box/a/first/0', 'c0'), finished('export/a/first/0', {commit: 'c0'})]).work.get('a')).toBeUndefined();
  });

  test('costs what the provider counted, and what it may have counted is added up apart', () => {
    const lost = (step: string, inputTokens: number): JournalEvent => ({...common, type: 'effect.unknown', step, repeated: true, estimate: {inputTokens, outputTokensAtMost: 100}});
    const events = [lost('turn/a/1', 10), lost('turn/a/1', 10), lost('turn/b/1', 5), {...common, type: 'effect.unknown', step: 'tool/a/1/0', repeated: false} as const];
    expect(interruptedTurns(events, 'a')).toEqual({requests: 2, inputTokens: 20, outputTokensAtMost: 200});
    expect(interruptedTurns(events, 'c')).toBeUndefined();
  });
});
