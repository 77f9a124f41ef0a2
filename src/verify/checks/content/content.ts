import {sourceFacts} from '../../../code/facts/facts.js';
import type {SourceFile} from '../../../code/outline.js';
import {finding, type Finding} from '../../../core/finding.js';
import {ruleInWords, type ContentRule, type FileDeliverable, type Manifest} from '../../../core/manifest.js';
import {isTestPath} from '../../../core/test-path.js';
import type {TreeReader} from '../../../core/tree.js';
import {isRegular} from '../files.js';
import {checkOutcome, type CheckOutcome} from '../outcome.js';
import {ruleProblem} from './rule.js';
import {newStubs, type Stub} from './stubs.js';

/** Most placeholders of one file that are told one by one. */
const maxStubs = 20;

/** What the check of content looks at. */
export interface ContentInput {
  readonly manifest: Manifest;
  readonly base: TreeReader;
  readonly commit: TreeReader;
}

/**
 * Does every promised file contain what it must, and no placeholder that was not there before? Looks at the bytes of the
 * commit. A file that is not there fails its rules without a finding of its own: the check of files names it.
 */
export async function checkContent({manifest, base, commit}: ContentInput, signal: AbortSignal): Promise<CheckOutcome> {
  const listed = new Map((await commit.list(signal)).map((file) => [file.path, file]));
  const tree = {has: (path: string) => isRegular(listed.get(path)), read: (path: string) => commit.read(path, signal)};
  const findings: Finding[] = [];
  let total = 0;
  let passed = 0;
  const testFiles = new Set((manifest.tests?.files ?? []).map(({path}) => path));
  for (const file of manifest.files) {
    total += file.must.length;
    const bytes = file.action !== 'delete' && tree.has(file.path) ? await commit.read(file.path, signal) : undefined;
    if (bytes === undefined) continue;
    for (const [index, rule] of file.must.entries()) {
      const problem = await ruleProblem(rule, {path: file.path, bytes}, tree);
      if (problem === undefined) passed += 1;
      else findings.push(ruleFinding(file, {rule, index, problem}));
    }
    // Tests hold fakes and empty functions by right; what they are worth is seen when they run.
    if (isTestPath(file.path) || testFiles.has(file.path) || manifest.allow.stubs.includes(file.path)) continue;
    const stubs = await stubsIn({path: file.path, bytes}, base, signal);
    total += stubs.length;
    findings.push(...stubs.map((stub, index) => stubFinding(file, stub, index)));
  }
  return checkOutcome('content', {passed, total}, findings);
}

async function stubsIn(file: SourceFile, base: TreeReader, signal: AbortSignal): Promise<readonly Stub[]> {
  const now = sourceFacts(file);
  if (now === undefined) return [];
  const listed = (await base.list(signal)).find(({path}) => path === file.path);
  const before = isRegular(listed) ? await base.read(file.path, signal) : undefined;
  return newStubs(now, before && sourceFacts({path: file.path, bytes: before})).slice(0, maxStubs);
}

interface Failed {
  readonly rule: ContentRule;
  readonly index: number;
  readonly problem: string;
}

function ruleFinding(file: FileDeliverable, {rule, index, problem}: Failed): Finding {
  const wanted = ruleInWords(rule);
  const fields = finding({
    code: 'CONTENT_MISSING',
    check: 'content',
    deliverable: file.id ?? file.path,
    owners: [file.owner],
    path: file.path,
    message: `\`${file.path}\` ${problem}: it must be a file that ${wanted}.`,
    hint: `Make \`${file.path}\` a file that ${wanted}.`,
    evidence: {class: 'file-fact', detail: wanted},
  });
  return {...fields, id: `${fields.id}#${index + 1}`};
}

function stubFinding(file: FileDeliverable, {line, what}: Stub, index: number): Finding {
  const fields = finding({
    code: 'STUB',
    check: 'content',
    deliverable: file.id ?? file.path,
    owners: [file.owner],
    path: file.path,
    message: `\`${file.path}\` ${what} (line ${line}).`,
    hint: 'Finish it, or take it out. Where a placeholder is what is wanted, a person names the path under allow.stubs.',
    evidence: {class: 'file-fact', detail: `line ${line}`},
  });
  return {...fields, id: `${fields.id}#${index + 1}`};
}
