import {runInNewContext} from 'node:vm';
import {systemCode} from '../../core/errors.js';
import {finding, type Finding} from '../../core/finding.js';
import type {ContentRule, FileDeliverable, Manifest} from '../../core/manifest.js';
import type {TreeReader} from '../../core/tree.js';
import {isRegular} from './files.js';
import {checkOutcome, type CheckOutcome} from './outcome.js';

/** Largest file that a pattern is tried on, and longest time for one: the pattern is the user's, the text an agent's. */
const maxPatternBytes = 2 * 1024 * 1024;
const patternTimeoutMs = 2_000;

/**
 * Does every promised file contain what it must? Looks at the bytes of the commit. A file that is not there fails its
 * rules without a finding of its own: the check of files names it.
 */
export async function checkContent(manifest: Manifest, commit: TreeReader, signal: AbortSignal): Promise<CheckOutcome> {
  const listed = new Map((await commit.list(signal)).map((file) => [file.path, file]));
  const findings: Finding[] = [];
  let total = 0;
  let passed = 0;
  for (const file of manifest.files) {
    if (file.must.length === 0) continue;
    total += file.must.length;
    const bytes = isRegular(listed.get(file.path)) ? await commit.read(file.path, signal) : undefined;
    if (bytes === undefined) continue;
    for (const [index, rule] of file.must.entries()) {
      const problem = ruleProblem(rule, bytes);
      if (problem === undefined) passed += 1;
      else findings.push(contentFinding(file, {rule, index, problem}));
    }
  }
  return checkOutcome('content', {passed, total}, findings);
}

/**
 * Why bytes do not meet a rule, or undefined when they do. `contains` compares bytes; `matches` looks at the text with
 * the flags `u` and `m`.
 */
export function ruleProblem(rule: ContentRule, bytes: Uint8Array): string | undefined {
  if ('contains' in rule) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(rule.contains) ? undefined : 'does not contain it';
  if (bytes.byteLength > maxPatternBytes) return `is larger than ${maxPatternBytes / 1024 / 1024} MiB, so the pattern was not tried`;
  const found = matchesInTime(rule.matches, new TextDecoder().decode(bytes));
  return found === undefined ? `kept the pattern busy for more than ${patternTimeoutMs / 1000} s` : found ? undefined : 'has nothing that matches';
}

/** Undefined when the time is up: a pattern that backtracks can run for years, and only the VM can stop it. */
function matchesInTime(source: string, text: string): boolean | undefined {
  try {
    return runInNewContext("new RegExp(source, 'um').test(text)", {source, text}, {timeout: patternTimeoutMs}) === true;
  } catch (error) {
    if (systemCode(error) === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

interface Failed {
  readonly rule: ContentRule;
  readonly index: number;
  readonly problem: string;
}

function contentFinding(file: FileDeliverable, {rule, index, problem}: Failed): Finding {
  const wanted = 'contains' in rule ? `contains ${JSON.stringify(rule.contains)}` : `matches /${rule.matches}/`;
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
