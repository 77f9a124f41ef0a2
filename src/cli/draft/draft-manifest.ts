import {escapeText} from '../../core/escape.js';
import type {SpecBrief} from '../../project/agent-os/around.js';
import type {Choice} from '../../project/stack/choose.js';
import {yamlScalar} from './yaml-scalar.js';

/** A file that a task promises, and who would make it. */
export interface DraftFile {
  readonly path: string;
  readonly action: 'create' | 'modify' | 'delete';
  readonly owner: string;
}

/** What a draft is made of. Texts are a repository's. */
export interface DraftParts {
  readonly task: string;
  readonly image: string;
  readonly files: readonly DraftFile[];
  readonly testFiles: readonly {readonly path: string; readonly owner: string}[];
  readonly test: (Choice<readonly string[]> & {readonly inImage: boolean | undefined}) | undefined;
  /** Test commands of projects below the root: hints, where the whole has none. */
  readonly below: readonly {readonly folder: string; readonly command: string}[];
  /** Criteria of acceptance, as written. */
  readonly criteria: readonly string[];
  /** The spec that the task is a part of. */
  readonly spec?: Pick<SpecBrief, 'path' | 'expected'> | undefined;
}

/** A draft, and what a person must still say. */
export interface Draft {
  readonly text: string;
  readonly open: readonly string[];
}

/**
 * A manifest to read and edit. What nobody said is left empty with a comment, so that the draft is refused until it is
 * filled in: nothing is ever run with a promise that was guessed.
 */
export function draftManifest(parts: DraftParts): Draft {
  const sections = [filesSection(parts), commandSection(parts), testFilesSection(parts)];
  const text = [
    '# A draft. Read and edit it; where FILL IN stands it is refused as it is. `bulkhead schema manifest` prints the exact form.',
    'schemaVersion: 1',
    `task: ${yamlScalar(parts.task)}`,
    'base: HEAD',
    `image: ${yamlScalar(parts.image)}`,
    ...criteriaLines(parts.criteria),
    ...expectedLines(parts.spec),
    ...sections.flatMap((section) => section.lines),
  ];
  return {text: `${text.join('\n')}\n`, open: sections.flatMap((section) => section.open)};
}

interface Section {
  readonly lines: readonly string[];
  readonly open: readonly string[];
}

function filesSection({files}: DraftParts): Section {
  const example = '  # - {path: src/NAME.js, action: create, owner: implementation, must: [{contains: TEXT}]}';
  if (files.length === 0) {
    return {lines: ['files:', '  # FILL IN: every file that must be there afterwards; action is create, modify or delete', example], open: ['files: which files are created or changed, and what they must hold']};
  }
  return {
    lines: ['files:', '  # `must: [{contains: TEXT}, {matches: REGULAR-EXPRESSION}]` says what a file must hold', ...files.map((file) => `  - {path: ${yamlScalar(file.path)}, action: ${file.action}, owner: ${file.owner}}`)],
    open: [],
  };
}

function commandSection({test, below}: DraftParts): Section {
  if (test === undefined) {
    const hints = below.slice(0, 10).map(({folder, command}) => `  # in ${escapeText(folder).slice(0, 100)}: ${escapeText(command).slice(0, 100)}`);
    const seen = `no test command ${hints.length === 0 ? 'was seen' : 'for the whole was seen'}`;
    return {lines: ['tests:', `  # FILL IN: ${seen}; argv, not a shell line`, ...hints, '  # command: [PROGRAM, ARGUMENT]'], open: [`tests.command: ${seen}`]};
  }
  const {file, seen, certainty} = test.because;
  const away = test.inImage === false ? ['  # Take care: this image does not have that program.'] : [];
  return {lines: ['tests:', `  # seen in ${escapeText(`${file}: ${seen}`).slice(0, 200)} (${certainty})`, ...away, `  command: [${test.value.map(yamlScalar).join(', ')}]`], open: test.inImage === false ? [`tests.command: the image does not have ${escapeText(test.value[0] ?? '')}`] : []};
}

function testFilesSection({testFiles}: DraftParts): Section {
  const example = '    # - {path: test/NAME.test.js, owner: test, covers: [src/NAME.js], minTests: 1}';
  if (testFiles.length > 0) return {lines: ['  files:', ...testFiles.map((file) => `    - {path: ${yamlScalar(file.path)}, owner: ${file.owner}, minTests: 1}`)], open: []};
  return {lines: ['  files:', '    # FILL IN: the test files that prove the task; each new test must fail without the work', example], open: ['tests.files: which test files prove the task']};
}

function criteriaLines(criteria: readonly string[]): readonly string[] {
  if (criteria.length === 0) return [];
  return [
    "# The task's own criteria. No key serves them in this version: let a test or a `must` show each one.",
    '# A promised test whose name is exactly the words of a criterion ticks its box in the task file.',
    ...criteria.map((text) => `#   - ${escapeText(text).slice(0, 300)}`),
  ];
}

function expectedLines(spec: DraftParts['spec']): readonly string[] {
  if (spec === undefined || spec.expected.length === 0) return [];
  const entries = spec.expected.slice(0, 20).map((text) => `#   - ${escapeText(text).slice(0, 300)}`);
  return [`# What ${escapeText(spec.path)} expects of all its tasks together:`, ...entries];
}
