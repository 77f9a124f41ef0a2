import {escapeText} from '../../core/escape.js';
import type {Report} from '../../core/report.js';
import {paint} from './error.js';
import {renderFinding} from './progress.js';

/** How a run ended, for a person: the verdict first, the paths last. */
export function renderReport(report: Report, places: {readonly report: string; readonly directory?: string}): string {
  const lines = [
    '',
    `${paint([report.verdict === 'verified' ? 'green' : 'red', 'bold'], report.verdict)}: ${escapeText(report.task.split('\n')[0] ?? '')}`,
    ...report.checks.map((check) => `  ${check.check.padEnd(12)} ${check.outcome === 'notConfigured' ? 'not configured: nothing was promised' : `${check.outcome}, ${check.passed} of ${check.total}`}`),
    ...testLine(report),
    ...report.findings.map(renderFinding),
    ...renderLookFirst(report.lookFirst ?? []),
    ...report.notes.map((note) => `  ${escapeText(note)}`),
    ...(report.traffic === 'replayed' ? ['  The model traffic was replayed from a script. Containers, git, merges and tests were real.'] : []),
    ...next(report, places.directory === undefined ? '' : ` -C ${escapeText(places.directory)}`),
    `report  ${places.report}`,
    ...(report.branch === undefined ? [] : [`branch  ${report.branch}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What of a change deserves a person's eye before anything else. */
export function renderLookFirst(files: readonly {readonly path: string; readonly what: string}[]): readonly string[] {
  if (files.length === 0) return [];
  const more = files.length > maxLookFirst ? [`    and ${files.length - maxLookFirst} more: the report has all`] : [];
  return ['  Look at these first:', ...files.slice(0, maxLookFirst).map(({path, what}) => `    ${escapeText(path)}  ${escapeText(what)}`), ...more];
}

const maxLookFirst = 20;

function testLine(report: Report): readonly string[] {
  const {tests} = report;
  if (tests === undefined) return [];
  return [`  ${''.padEnd(12)} ${tests.passed} tests passed, ${tests.failed} failed; ${tests.new.length} are new, ${tests.failToPass.met} of ${tests.failToPass.wanted} fail without the new work`];
}

function next(report: Report, where: string): readonly string[] {
  const run = `${report.runId ?? 'latest'}${where}`;
  if (report.verdict === 'verified') return [`  Look at it: bulkhead diff ${run}`, `  Take it: git merge the branch below, or bulkhead deliver ${run} --apply`];
  return [`  Nothing was ticked and no branch was made. Look at what there is: bulkhead diff ${run}`, `  Drop it: bulkhead discard ${run}`];
}
