import {describe, expect, it} from 'vitest';
import {Report} from '../../../src/core/report.js';
import {renderReportMarkdown} from '../../../src/record/report-markdown.js';

const context = {sha256: 'd'.repeat(64), budget: 16_000, tokens: 15_200, utilisation: 0.95, hits: 0.5, wordForWord: 0.25, waste: 0.126};

function reportOf(specialists: readonly unknown[], more: object = {}): Report {
  return Report.parse({
    ...{schemaVersion: 1, task: 'x', verdict: 'verified', base: 'a', commit: 'b', tree: 'c', manifestSha256: 'd', manifestSource: 'm', traffic: 'live'},
    ...{image: {reference: 'node', id: 'e', diffIds: []}, engine: {name: 'docker', version: '20', apiVersion: '1.41'}, checks: [], findings: [], restored: [], notes: [], rounds: [], timings: {}},
    specialists,
    ...more,
  });
}

const specialist = (name: string, more: object): unknown => ({specialist: name, turns: 1, submissions: [], usage: {inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0}, summary: '', ...more});

describe('a report for people', () => {
  it('says how well what each specialist was told fitted what it did', () => {
    const told = renderReportMarkdown(reportOf([specialist('impl|x', {context}), specialist('test', {})]));
    const [row] = told.split('\n').filter((line) => line.includes('15200 of 16000'));
    expect(row?.replace(/\\\|/g, '').split('|').map((cell) => cell.trim())).toEqual(['', 'implx', '15200 of 16000', '95 %', '50 %', '25 %', '13 %', '']);
    expect(told.split('\n').filter((line) => line.startsWith('## What they were told'))).toHaveLength(1);
  });

  it.each([['vitest', 'in-process'], ['junit', 'own-report'], ['tap', 'own-report'], ['exit-code', 'exit-code']])('names the class of evidence of %s: %s', (runner, evidence) => {
    const none = {new: [], kept: [], broken: [], vanished: [], knownFailing: []};
    const tests = {runner, baseEnd: 'complete', total: 1, passed: 1, failed: 0, skipped: 0, ...none, failToPass: {wanted: 0, met: 0, byLoad: []}};
    expect(renderReportMarkdown(reportOf([], {tests}))).toContain(`Evidence class: ${evidence}`);
  });

  it('says nothing of it where nothing was told', () => {
    expect(renderReportMarkdown(reportOf([specialist('test', {})]))).not.toContain('What they were told');
  });
});
