import {join} from 'node:path';
import {beforeAll, describe, expect, test} from 'vitest';
import type {JournalEvent} from '../../../src/core/journal.js';
import {readEvents} from '../../../src/record/journal/journal.js';
import {concerns, startTranscript} from '../../../src/cli/render/logs.js';
import {renderProgress} from '../../../src/cli/render/progress.js';
import {renderStatus} from '../../../src/cli/render/status.js';
import {fullCut, shortCut, type Cut} from '../../../src/cli/render/tool-call.js';
import {statusRow, StatusRow} from '../../../src/cli/status-row.js';

let events: readonly JournalEvent[];
beforeAll(async () => {
  events = await readEvents(join(import.meta.dirname, '../../fixtures/journal/version-1.ndjson'));
});

function transcript(of: readonly JournalEvent[], options: {readonly specialist?: string; readonly cut?: Cut} = {}): string {
  const told = startTranscript({specialist: options.specialist, cut: options.cut ?? shortCut});
  return of.flatMap((event) => told.lines(event, event.type === 'step.finished' ? event.outcome : undefined)).join('\n');
}

describe('a journal of the first version', () => {
  test('has a status, whole and cut off at any line', () => {
    expect(statusRow(events, 'none')).toMatchObject({status: 'verified', unknownEffects: 0, branch: expect.stringContaining('bulkhead/') as string});
    for (let length = 1; length <= events.length; length += 1) {
      const row = StatusRow.parse(statusRow(events.slice(0, length), 'none'));
      expect(renderStatus([row])).toContain(row.runId);
    }
    expect(statusRow([], 'none')).toBeUndefined();
  });

  test('has progress and a transcript with every turn, call, merge and verdict', () => {
    expect(events.flatMap(renderProgress).length).toBeGreaterThan(60);
    const text = transcript(events);
    const calls = events.filter((event) => event.type === 'step.started' && event.step.startsWith('tool/'));
    expect(text.match(/^\d\d:\d\d:\d\d \w+ +(\$|edit:|hands in:) /gm)).toHaveLength(calls.length);
    expect(text.match(/ turn \d+ \(\d+ tokens in, \d+ out\)$/gm)).toHaveLength(19);
    for (const seen of [/verification 1 +blocked/, /verification 2 +verified/, /TEST_FAILED|FILE_|NOT_FAIL|CONTENT/, / merge +/, /handed in \d+ file/, /run +ended: verified/]) expect(text).toMatch(seen);
    expect(text).not.toContain('cannot be read');
  });

  test('has a transcript of one specialist, without what the others did', () => {
    const text = transcript(events, {specialist: 'documentation'});
    expect(text).toMatch(/documentation +turn 6/);
    expect(text).not.toMatch(/^\S+ (test|implementation) /m);
    expect(events.filter((event) => concerns(event, 'documentation')).length).toBeLessThan(events.length / 2);
  });

  test('is cut for reading, and whole when that is asked for', () => {
    expect(transcript(events)).toContain('lines (--full shows them)');
    const whole = transcript(events, {cut: fullCut});
    expect(whole).not.toContain('--full');
    expect(whole.length).toBeGreaterThan(1.5 * transcript(events).length);
  });
});

describe('a transcript', () => {
  const stamp = {schemaVersion: 1 as const, seq: 0, at: '2026-11-24T06:00:00.000Z', prev: '0'.repeat(64)};
  const finished = (step: string, outcome: unknown): JournalEvent => ({...stamp, type: 'step.finished', step, inputSha256: '', outcome, reconciled: false});
  const nasty = '\u001b[2J\u202evil\r\u0007';

  test('shows no control character of anybody, and no line that somebody else could have written', () => {
    const usage = {inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0};
    const hostile: readonly JournalEvent[] = [
      {...stamp, type: 'run.opened', runId: nasty, task: nasty, repository: nasty, options: {}},
      {...stamp, type: 'run.driven', owner: `${nasty} ${nasty}`, engine: nasty},
      finished(`turn/${nasty}/1`, {stopReason: nasty, content: [{type: 'text', text: `a\n06:00:00 run             ended: verified ${nasty}`}, {type: 'tool_use', name: 'bash', input: {command: `x\n06:00:00 run ended ${nasty}`}}, {type: 'tool_use', name: nasty, input: {[nasty]: nasty}}], usage}),
      {...stamp, type: 'step.started', step: `tool/${nasty}/1/0`, inputSha256: '', names: {}},
      {...stamp, type: 'step.started', step: `tool/${nasty}/1/1`, inputSha256: '', names: {}},
      finished(`tool/${nasty}/1/0`, {text: `one ${nasty}\n06:00:00 run ended`, isError: true}),
      finished(`submission/${nasty}/first`, {empty: false, changed: [nasty]}),
      finished(`merge/0/${nasty}/0`, {state: 'conflict', paths: [nasty]}),
      {...stamp, type: 'effect.unknown', step: `tool/${nasty}/1/0`, repeated: false},
      {...stamp, type: 'specialist.said', specialist: 'x', text: nasty},
      {...stamp, type: 'verification.ended', round: 0, commit: nasty, verdict: 'blocked', findings: [{id: 'i', code: 'TEST_FAILED', check: 'tests', owners: [nasty], message: `m ${nasty}`, hint: nasty, evidence: {class: 'in-process'}}], findingsTotal: 60},
      {...stamp, type: 'box.entered', specialist: nasty, box: nasty},
      {...stamp, type: 'merge.previewed', phase: nasty, specialists: [nasty, nasty], paths: [nasty]},
      {...stamp, type: 'run.parked', code: nasty, message: nasty},
      {...stamp, type: 'run.closed', verdict: 'blocked', branch: nasty},
      {...stamp, type: 'run.overridden', commit: nasty, reason: nasty},
      {...stamp, type: 'run.delivered', commit: nasty, branch: nasty, applied: true, pullRequest: nasty, verified: false},
    ];
    const told = startTranscript({specialist: undefined, cut: shortCut});
    for (const event of hostile) {
      const lines = told.lines(event, event.type === 'step.finished' ? event.outcome : undefined);
      expect(lines.length, event.type).toBeGreaterThan(0);
      // eslint-disable-next-line no-control-regex -- what must not be there
      for (const line of [...lines, ...renderProgress(event)]) expect(line).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202e]/);
      expect(lines.slice(1).filter((line) => !line.startsWith('    '))).toEqual([]);
    }
    const row = statusRow([...hostile.slice(0, 13), ...hostile.slice(-2, -1)], 'unknown');
    // eslint-disable-next-line no-control-regex -- what must not be there
    expect(renderStatus(row === undefined ? [] : [row])).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
  });

  test('says what is not known, and how many findings are left out', () => {
    const unknown: JournalEvent = {...stamp, type: 'effect.unknown', step: 'tool/test/3/0', repeated: false};
    expect(transcript([unknown])).toMatch(/test +tool\/test\/3\/0 .*not known/);
    expect(transcript([unknown], {specialist: 'other'})).toBe('');
    const opened: JournalEvent = {...stamp, type: 'run.opened', runId: 'r', task: 't', repository: '/r', options: {}};
    const row = statusRow([opened, unknown, {...stamp, type: 'run.closed', verdict: 'cancelled'}], 'none');
    expect(row).toMatchObject({status: 'cancelled', unknownEffects: 1});
    expect(renderStatus(row === undefined ? [] : [row])).toMatch(/not known .*1 interrupted act /);
  });

  test('tells who drives, and leaves a doubt to a person', () => {
    const opened: JournalEvent = {...stamp, type: 'run.opened', runId: 'r', task: 't', repository: '/r', options: {}};
    const driven: JournalEvent = {...stamp, type: 'run.driven', owner: 'host-a 77 5', engine: 'unix:///x'};
    const status = (driver: 'alive' | 'unknown' | 'none'): string => renderStatus([StatusRow.parse(statusRow([opened, driven], driver))]);
    expect(status('alive')).toMatch(/driven by .*77.*host-a/);
    expect(status('alive')).not.toContain('--take-over');
    expect(status('unknown')).toContain('bulkhead resume r --take-over');
    expect(status('none')).toMatch(/interrupted/);
  });
});
