import {z} from 'zod';
import {escapeText} from '../../core/escape.js';
import {PackageName, specProblem} from './npm-names.js';

/** What is wrong with what a repository asks to be installed; the text is escaped. */
export type Problems = string[];

const Specs = z.record(z.string(), z.string());
type Specs = z.infer<typeof Specs>;

/** Kinds of dependencies, in a package.json as in an entry of a lock file. */
const dependencyFields = {
  dependencies: Specs.optional(),
  devDependencies: Specs.optional(),
  optionalDependencies: Specs.optional(),
  peerDependencies: Specs.optional(),
  peerDependenciesMeta: z.record(z.string(), z.object({optional: z.boolean().optional()})).optional(),
};

/** Members that decide what is installed, of a package.json and of a lock file's entry alike. */
export const packageFields = {
  name: z.string().optional(),
  version: z.string().max(256).optional(),
  ...dependencyFields,
  engines: z.union([z.record(z.string(), z.string()), z.array(z.string())]).optional(),
  os: z.union([z.string(), z.array(z.string())]).optional(),
  cpu: z.union([z.string(), z.array(z.string())]).optional(),
};

/** Everything else (scripts, binaries, configuration of npm) stays behind. */
const PackageJson = z.object({...packageFields, overrides: z.record(z.string(), z.unknown()).optional()});

/** How deep overrides may lie in each other. */
const maxDepth = 8;

/**
 * What a package.json says of dependencies and nothing else, ours to write anew. Problems are added for whatever would
 * come from anywhere but a registry.
 */
export function readPackageJson(text: string, {file, problems}: {readonly file: string; readonly problems: Problems}): z.infer<typeof PackageJson> | undefined {
  const parsed = PackageJson.safeParse(parseJson(text));
  if (!parsed.success) {
    problems.push(`${escapeText(file)} is not a package.json that can be read`);
    return undefined;
  }
  addSpecProblems(parsed.data, {where: file, problems});
  addOverrideProblems(parsed.data.overrides, {file, problems, depth: 0});
  return parsed.data;
}

/** Adds a problem for each dependency that does not come from a registry by its name and a version. */
export function addSpecProblems(from: {readonly [field in keyof typeof dependencyFields]?: Readonly<Record<string, unknown>> | undefined}, {where, problems}: {readonly where: string; readonly problems: Problems}): void {
  for (const field of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const) {
    for (const [name, spec] of Object.entries(from[field] ?? {})) addSpecProblem(`${where}: ${field}`, name, spec, problems);
  }
}

function addSpecProblem(where: string, name: string, spec: unknown, problems: Problems): void {
  if (!PackageName.safeParse(name).success) problems.push(`${escapeText(where)} has a name that is no package: ${short(name)}`);
  const problem = typeof spec === 'string' ? specProblem(spec) : 'is no text';
  if (problem !== undefined) problems.push(`${escapeText(where)}: ${short(name)} ${problem}: ${short(spec)}`);
}

/** `{"name@range": spec | {".": spec, …}}`; a spec may also be `$name`, which means what the root says of that one. */
function addOverrideProblems(value: unknown, at: {readonly file: string; readonly problems: Problems; readonly depth: number}): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || at.depth > maxDepth) {
    at.problems.push(`${escapeText(at.file)}: overrides cannot be read`);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    const [, name = '', range = ''] = /^((?:@[^/@]{1,100}\/)?[^@]{1,214})(?:@(.*))?$/s.exec(key) ?? [];
    if (key !== '.' && (!PackageName.safeParse(name).success || specProblem(range) !== undefined)) at.problems.push(`${escapeText(at.file)}: overrides name something that is no package: ${short(key)}`);
    if (typeof inner === 'string' && inner.startsWith('$') && PackageName.safeParse(inner.slice(1)).success) continue;
    if (typeof inner === 'string') addSpecProblem(`${at.file}: overrides`, key === '.' ? 'self' : name, inner, at.problems);
    else addOverrideProblems(inner, {...at, depth: at.depth + 1});
  }
}

/** JSON, or undefined. Also when it is too deep to be parsed. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

/** What somebody wrote, for a message. */
export function short(value: unknown): string {
  // Its type does not say that it gives undefined for undefined.
  const text = typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? 'nothing');
  return `\`${escapeText(text).slice(0, 120)}\``;
}
