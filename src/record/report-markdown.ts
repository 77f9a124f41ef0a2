import {escapeText} from '../core/escape.js';
import type {Finding} from '../core/finding.js';
import type {Report} from '../core/report.js';

/** A report for people. Everything that an agent or a repository wrote is escaped. */
export function renderReportMarkdown(report: Report): string {
  const sections = [head(report), lookFirst(report), report.notes.map((note) => `> ${line(note)}`).join('\n'), checks(report), findings(report), rounds(report), specialists(report), contexts(report), inputs(report)];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function head(report: Report): string {
  const replay = report.traffic === 'replayed' ? ['', '> The model traffic of this run was **replayed** from a script; everything else is real.'] : [];
  const unproved = report.checks.filter((check) => check.outcome === 'notConfigured').map((check) => check.check);
  return [
    `# ${line(report.task.split('\n')[0] ?? '')}`,
    '',
    ...(report.override === undefined ? [] : [`> **Taken although it is not verified**, at ${line(report.override.at)}, as ${code(report.override.commit)}: ${line(report.override.reason)}`, '']),
    `**${report.verdict}**${unproved.length > 0 ? ` (not configured: ${unproved.join(', ')})` : ''}`,
    ...replay,
    '',
    `| | |`,
    `|---|---|`,
    `| verified commit | \`${report.commit}\` |`,
    `| base | \`${report.base}\` |`,
    `| manifest | sha256 \`${report.manifestSha256}\` from ${line(report.manifestSource)} |`,
    ...(report.branch === undefined ? [] : [`| result branch | ${code(report.branch)} |`]),
  ].join('\n');
}

/** What acts on people's machines and on CI comes before everything that is about the product. */
function lookFirst({lookFirst: files = []}: Report): string {
  if (files.length === 0) return '';
  const rows = files.slice(0, maxLookFirst).map(({path, what}) => `| ${code(path)} | ${line(what)} |`);
  const more = files.length > maxLookFirst ? ['', `And ${files.length - maxLookFirst} more.`] : [];
  return ['## Look at these first', '', 'Treat them like a pull request from somebody whom you do not know.', '', '| file | what |', '|---|---|', ...rows, ...more].join('\n');
}

const maxLookFirst = 100;

function checks(report: Report): string {
  const rows = report.checks.map((check) => `| ${check.check} | ${check.outcome} | ${check.passed} of ${check.total} |`);
  return ['## Checks', '', '| check | outcome | |', '|---|---|---|', ...rows, ...testLines(report)].join('\n');
}

function testLines(report: Report): readonly string[] {
  const {tests} = report;
  if (tests === undefined) return [];
  const {failToPass} = tests;
  return [
    '',
    `Tests (${line(tests.runner)}): ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped; ${tests.new.length} new, ${tests.kept.length} kept, ${tests.broken.length} broken, ${tests.vanished.length} vanished, ${tests.knownFailing.length} failing since before.`,
    `Of ${failToPass.wanted} tests that must fail without the new work, ${failToPass.met} do (${failToPass.byLoad.length} of them because their file does not load there).`,
    ...(tests.baseEnd === 'complete' ? [] : [`The run on the base ended as: ${tests.baseEnd}.`]),
    evidenceLine(tests.runner),
  ];
}

function evidenceLine(runner: string): string {
  if (runner === 'exit-code') return 'Evidence class: exit-code; no single test was seen.';
  if (runner === 'junit' || runner === 'tap') return 'Evidence class: own-report; the test command, which runs the code under test, wrote the results itself.';
  return 'Evidence class: in-process; a test result is reported by a runner that shares a process with the code it tests.';
}

function findings(report: Report): string {
  if (report.findings.length === 0) return '';
  return ['## Findings', '', ...report.findings.map(item)].join('\n');
}

function rounds(report: Report): string {
  if (report.rounds.length < 2) return '';
  const earlier = report.rounds.slice(0, -1).flatMap((round, index) => [`Verification ${index + 1} of \`${round.commit.slice(0, 12)}\`: **${round.verdict}**`, '', ...round.findings.map(item), '']);
  return ['## Earlier verifications', '', ...earlier].join('\n').trimEnd();
}

function item(one: Finding): string {
  return `- \`${one.code}\` ${line(one.message)} (owner: ${one.owners.map(line).join(', ') || 'none'}). ${line(one.hint)}`;
}

function specialists(report: Report): string {
  if (report.specialists.length === 0) return '';
  const rows = report.specialists.map(
    (one) => `| ${line(one.specialist)} | ${one.turns} | ${tokens(one)} | ${one.submissions.map((id) => `\`${id.slice(0, 12)}\``).join(' ')} | ${line(one.summary)} |`,
  );
  return ['## Specialists', '', 'What they said is reported, not verified.', '', '| specialist | turns | tokens | submissions | said |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** How well what each specialist was told fitted what it did. */
function contexts(report: Report): string {
  const rows = report.specialists.flatMap(({specialist, context}) =>
    context === undefined ? [] : [`| ${line(specialist)} | ${context.tokens} of ${context.budget} | ${percent(context.utilisation)} | ${percent(context.hits)} | ${percent(context.wordForWord)} | ${percent(context.waste)} |`],
  );
  if (rows.length === 0) return '';
  const head = '| specialist | tokens | used | changed files told of | word for word | told but neither opened nor changed |';
  return ['## What they were told of the project', '', 'In estimated tokens.', '', head, '|---|---|---|---|---|---|', ...rows].join('\n');
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function tokens({usage, interrupted}: Report['specialists'][number]): string {
  const counted = `${usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens} in, ${usage.outputTokens} out`;
  if (interrupted === undefined) return counted;
  return `${counted}; ${interrupted.requests} interrupted, estimated: ${interrupted.inputTokens} in, at most ${interrupted.outputTokensAtMost} out`;
}

function inputs(report: Report): string {
  return [
    '## Inputs',
    '',
    `Image ${code(report.image.reference)} (\`${report.image.id}\`), ${report.engine.name} ${line(report.engine.version)} (API ${line(report.engine.apiVersion)}).`,
    ...dependencies(report),
    ...(report.restored.length === 0 ? [] : [`Graded with the version of the base: ${report.restored.map(code).join(', ')}.`]),
  ].join('\n');
}

function dependencies({dependencies: made}: Report): readonly string[] {
  if (made === undefined) return [];
  const {install, prepare, packages, base, commit} = made;
  const layers = commit.map(code).join(' over ');
  const other = base.join() === commit.join() ? '' : ` The base has its own: ${base.map(code).join(' over ')}.`;
  return [`Dependencies: ${packages} packages by ${code(install.join(' '))}${prepare === undefined ? '' : ` and ${code(prepare.join(' '))}`}, layer ${layers}.${other}`];
}

/** One line that cannot break out of a table cell. */
function line(text: string): string {
  return escapeText(text.replace(/\s+/g, ' ')).replace(/[\\`*_[\]<>!|#~]/g, (character) => `\\${character}`);
}

/** The same as a code span, in which a backslash escapes nothing. */
function code(text: string): string {
  return `\`${escapeText(text.replace(/\s+/g, ' ')).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}
