import {expect, test} from 'vitest';
import {renderReport} from '../../../src/cli/render/report.js';
import {Report} from '../../../src/core/report.js';
import {renderReportMarkdown} from '../../../src/record/report-markdown.js';

const facts = {manifestSha256: '0', manifestSource: 'm.yml', traffic: 'live', image: {reference: 'node', id: 'i', diffIds: []}, engine: {name: 'e', version: '1', apiVersion: '1'}};
const report = Report.parse({
  ...{schemaVersion: 1, runId: 'r', task: 'Do it', verdict: 'blocked', base: 'b', commit: 'c', tree: 't', ...facts, checks: [], findings: [], restored: [], notes: ['a note'], rounds: [], specialists: [], timings: {}},
  lookFirst: [{path: '.github/x`|\u001b[31m\n## Checks', what: 'CI'}, ...Array.from({length: 120}, (_, index) => ({path: `f${index}`, what: 'hook'}))],
  override: {at: '2026-01-01', reason: 'because\u001b[31m\n## Checks', commit: 'd'},
});

test('a report first tells what deserves an eye and that it was overridden, in lines that nobody else could have written', () => {
  const text = renderReportMarkdown(report);
  const at = (part: string): number => text.indexOf(part);
  expect([at('not verified'), at('## Look at these first'), at('a note'), at('\n## Checks')].every((place, index, all) => place > (all[index - 1] ?? -1))).toBe(true);
  expect(text.match(/^## Checks$/gm)).toHaveLength(1);
  expect(text).toContain('And 21 more.');
  const shown = renderReport(report, {report: 'r.md'});
  expect(shown).toContain('and 101 more');
  // eslint-disable-next-line no-control-regex -- what must not be there
  for (const one of [text, shown]) expect(one).not.toMatch(/\u001b\[31m/);
});

test('a report of an earlier version has neither', () => {
  const {lookFirst: _files, override: _override, ...earlier} = report;
  expect(renderReportMarkdown(Report.parse(earlier))).not.toMatch(/Look at these|although/);
});
