import {z} from 'zod';
import {canonicalJson, sha256} from './canonical.js';
import {AppError} from './errors.js';
import {repoPathProblem} from './path.js';

const RepoPath = z
  .string()
  .superRefine((path, context) => {
    const problem = repoPathProblem(path);
    if (problem !== undefined) context.addIssue({code: 'custom', message: `must be a literal path inside the repository, but it ${problem}`});
  })
  .describe('a literal path inside the repository, with `/`; never a glob');

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and `-`, at most 40')
  .describe('lower-case letters, digits and `-`');

const Pattern = z.string().superRefine((source, context) => {
  try {
    new RegExp(source, 'u');
  } catch (error) {
    context.addIssue({code: 'custom', message: `is not a regular expression: ${error instanceof Error ? error.message : String(error)}`});
  }
});

/** Bounded: it goes into messages, and is compared with what a file says. */
const Word = z.string().min(1).max(200);

/**
 * One content check of a file: a literal text, a regular expression (flags `u`, `m`) that must be found, or a fact of its
 * syntax tree: what it exports, imports (as written, or another name of the same file), defines (`Class.member` for a
 * member), and where it deals with errors. The last four are for JavaScript, TypeScript and Python.
 */
export const ContentRule = z.union([
  z.strictObject({contains: z.string().min(1)}),
  z.strictObject({matches: Pattern}),
  z.strictObject({exports: Word}),
  z.strictObject({imports: Word}),
  z.strictObject({defines: Word}),
  z.strictObject({handlesErrors: Word}),
]);
export type ContentRule = z.infer<typeof ContentRule>;

/** A file that must exist (or be gone) afterwards. */
export const FileDeliverable = z.strictObject({
  id: Name.optional().describe('default: the path'),
  path: RepoPath,
  action: z.enum(['create', 'modify', 'delete']),
  owner: Name,
  must: z.array(ContentRule).default([]),
});
export type FileDeliverable = z.infer<typeof FileDeliverable>;

/** A test file that a specialist delivers. */
export const TestFile = z.strictObject({
  path: RepoPath,
  owner: Name,
  covers: z.array(RepoPath).default([]),
  minTests: z.int().min(1).default(1),
});
export type TestFile = z.infer<typeof TestFile>;

/**
 * The test runners that have an adapter. `junit` and `tap` read a report that the command writes itself, which is weaker;
 * `exit-code` sees no single tests and says so.
 */
export const Runner = z.enum(['node', 'vitest', 'jest', 'mocha', 'pytest', 'junit', 'tap', 'exit-code']);
export type Runner = z.infer<typeof Runner>;

const Tests = z.strictObject({
  command: z.array(z.string()).min(1).describe('argv, not a shell line'),
  runner: Runner.optional().describe('default: detected from the command. junit and tap: `{report}` in the command or in a value of env is where the report goes'),
  files: z.array(TestFile).default([]),
  failToPass: z
    .union([z.literal('auto'), z.literal('none'), z.array(z.string())])
    .default('auto')
    .describe('auto: every test of the files above; or a list of test ids; or none'),
  passToPass: z.literal('all').default('all'),
  timeoutMs: z.int().min(1000).max(3_600_000).default(600_000),
  env: z.record(z.string().regex(/^[A-Z_][A-Z0-9_]*$/i), z.string()).default({}),
});

const Argv = z.array(z.string().min(1).max(4096)).min(1).max(100);

/**
 * The typed list of everything that must exist and hold afterwards. Its hash is locked before any agent starts.
 * Keys that the outside contract knows but no check serves yet are refused by {@link parseManifest}.
 */
export const Manifest = z.strictObject({
  schemaVersion: z.literal(1),
  task: z.string().min(1),
  base: z.string().min(1).default('HEAD'),
  image: z.string().min(1).default('node'),
  install: Argv.optional().describe('fills the dependency layer; argv; in a box of its own with registry access, no secrets of this machine and no install scripts'),
  prepare: Argv.optional().describe('runs once over the base with the dependency layer, without a network; what it changes in the folders of the layer stays'),
  files: z.array(FileDeliverable).default([]),
  tests: Tests.optional(),
  withoutTests: z.string().min(1).optional().describe('the written reason for a manifest without tests'),
  allow: z
    .strictObject({
      testConfig: z.array(RepoPath).default([]),
      ignoredFiles: z.array(RepoPath).default([]),
      stubs: z.array(RepoPath).default([]).describe('files in which a placeholder (an empty function, a TODO) is wanted'),
    })
    .default({testConfig: [], ignoredFiles: [], stubs: []})
    .describe('what would otherwise be a finding'),
});
export type Manifest = z.infer<typeof Manifest>;

/** Keys of the outside contract that are refused by name until a check serves them. */
const unserved: Readonly<Record<string, readonly string[]>> = {
  '': ['build', 'acceptance', 'integration', 'gates'],
  tests: ['coverage'],
  allow: ['dependencies'],
};
const unservedRunners = ['ava', 'unittest', 'go'];

/**
 * Parses a manifest and checks what the schema alone cannot: one owner per path, no path twice, a reason where there
 * are no tests. `source` names the file in messages. Throws MANIFEST_INVALID or MANIFEST_KEY_UNSERVED.
 */
export function parseManifest(value: unknown, source: string): Manifest {
  refuseUnserved(value, source);
  const parsed = Manifest.safeParse(value);
  if (!parsed.success) throw invalid(source, parsed.error.issues.map(issueLine));
  const problems = consistencyProblems(parsed.data);
  if (problems.length > 0) throw invalid(source, problems);
  return parsed.data;
}

/** A rule of content in words, as the end of `a file that …`. */
export function ruleInWords(rule: ContentRule): string {
  if ('contains' in rule) return `contains ${JSON.stringify(rule.contains)}`;
  if ('matches' in rule) return `has something that matches the regular expression ${JSON.stringify(rule.matches)}`;
  if ('exports' in rule) return `exports ${JSON.stringify(rule.exports)}`;
  if ('imports' in rule) return `imports ${JSON.stringify(rule.imports)}`;
  if ('defines' in rule) return `defines ${JSON.stringify(rule.defines)}, with code in it`;
  return `deals with errors in ${JSON.stringify(rule.handlesErrors)}`;
}

/** The canonical hash that locks a manifest. */
export function manifestSha256(manifest: Manifest): string {
  return sha256(canonicalJson(manifest));
}

/** The specialists that own something, in the order in which they first appear. */
export function manifestOwners(manifest: Manifest): readonly string[] {
  return [...new Set([...manifest.files, ...(manifest.tests?.files ?? [])].map((entry) => entry.owner))];
}

/** Who owns a path by the manifest, or undefined. */
export function ownerOf(manifest: Manifest, path: string): string | undefined {
  return [...manifest.files, ...(manifest.tests?.files ?? [])].find((entry) => entry.path === path)?.owner;
}

/** Files whose syntax can be read. */
const hasSyntax = /\.(?:[cm]?[jt]s|[jt]sx|pyi?)$/i;

function consistencyProblems(manifest: Manifest): readonly string[] {
  const problems: string[] = [];
  const owners = new Map<string, string>();
  const filePaths = new Set<string>();
  for (const [index, file] of manifest.files.entries()) {
    if (filePaths.has(file.path)) problems.push(`files[${index}].path: \`${file.path}\` is listed twice`);
    filePaths.add(file.path);
    owners.set(file.path, file.owner);
    if (file.action === 'delete' && file.must.length > 0) problems.push(`files[${index}].must: a deleted file has no content to check`);
    if (file.must.some((rule) => !('contains' in rule || 'matches' in rule)) && !hasSyntax.test(file.path)) {
      problems.push(`files[${index}].must: only of JavaScript, TypeScript and Python is the syntax read; for \`${file.path}\` use contains or matches`);
    }
  }
  for (const [index, test] of (manifest.tests?.files ?? []).entries()) {
    const owner = owners.get(test.path);
    if (owner !== undefined && owner !== test.owner) {
      problems.push(`tests.files[${index}].owner: \`${test.path}\` has two owners, ${owner} and ${test.owner}`);
    }
    owners.set(test.path, test.owner);
  }
  if (manifest.prepare !== undefined && manifest.install === undefined) problems.push('prepare: there is nothing to prepare without `install`');
  if (owners.size === 0) problems.push('files: nothing is promised, so nothing could be proved');
  if (manifest.tests === undefined && manifest.withoutTests === undefined) {
    problems.push('tests: a manifest without tests needs a written reason in `withoutTests`');
  }
  return problems;
}

function refuseUnserved(value: unknown, source: string): void {
  const found: string[] = [];
  for (const [parent, keys] of Object.entries(unserved)) {
    const object = parent === '' ? value : member(value, parent);
    for (const key of keys) if (member(object, key) !== undefined) found.push(parent === '' ? key : `${parent}.${key}`);
  }
  const runner = member(member(value, 'tests'), 'runner');
  if (typeof runner === 'string' && unservedRunners.includes(runner)) found.push(`tests.runner: ${runner}`);
  if (found.length === 0) return;
  throw new AppError('MANIFEST_KEY_UNSERVED', `${source}: no check serves ${found.map((key) => `\`${key}\``).join(', ')} yet.`, {
    hint: 'Nothing is verified with a part of its manifest ignored: remove it, or wait for the version that serves it.',
    details: {keys: found},
  });
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

function issueLine(issue: z.core.$ZodIssue): string {
  const at = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return `${at.replace(/^\./, '') || 'the manifest'}: ${issue.message}`;
}

function invalid(source: string, problems: readonly string[]): AppError {
  return new AppError('MANIFEST_INVALID', `${source}: ${problems.join('; ')}.`, {
    hint: 'Correct the key that is named. `bulkhead schema manifest` prints the exact form.',
    details: {problems},
  });
}
