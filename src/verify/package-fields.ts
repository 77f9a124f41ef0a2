import {canonicalJson} from '../core/canonical.js';
import {reachedScripts, scriptsOf} from './runners/scripts.js';

/** Members of package.json that a test runner or coverage tool reads as its configuration. */
const steeringMembers: ReadonlySet<string> = new Set(['ava', 'babel', 'c8', 'jest', 'mocha', 'nyc', 'tap', 'vitest']);

/** The bytes to grade with, and which members they take from the base. */
export interface RestoredFields {
  readonly text: string;
  readonly fields: readonly string[];
}

/**
 * Gives a changed package.json back the members that steer tests, as the base has them: runner configuration, and the
 * scripts `test`, `test:*`, what these and the test command's `lines` run through other scripts of the base, and their
 * `pre` and `post`. Everything else stays as delivered. `base` is undefined for a new file. Undefined when nothing had
 * to be restored; `text` is the whole base when the new one is not a JSON object.
 */
export function restorePackageFields(base: string | undefined, commit: string, lines: readonly string[]): RestoredFields | undefined {
  const old = parseObject(base ?? '{}') ?? {};
  const now = parseObject(commit);
  if (now === undefined) return base === undefined ? undefined : {text: base, fields: ['the whole file, which is not a JSON object any more']};
  const members = restoreMembers(old, now, (name) => steeringMembers.has(name));
  const before = scriptsOf(base);
  const isTestScript = (name: string): boolean => /^(?:pre|post)?test(?::|$)/.test(name);
  const reached = reachedScripts(before, [...lines, ...[...before].filter(([name]) => isTestScript(name)).map(([, line]) => line)]);
  const scripts = restoreMembers(asObject(old['scripts']), asObject(now['scripts']), (name) => isTestScript(name) || reached.has(name));
  const fields = [...members.fields, ...scripts.fields.map((name) => `scripts.${name}`)];
  if (fields.length === 0) return undefined;
  const result = scripts.fields.length === 0 ? members.value : {...members.value, scripts: scripts.value};
  return {text: `${JSON.stringify(result, null, 2)}\n`, fields};
}

/**
 * Whether two versions of pyproject.toml say the same about pytest and coverage: the tables that name them, and every
 * other line that does. Line by line, not a TOML parser: it may see a difference where there is none (texts over
 * several lines, key escapes), never the other way round.
 */
export function sameTestTables(base: string, commit: string): boolean {
  if ([base, commit].some((text) => /"""|'''/.test(text))) return base === commit;
  return testTableLines(base) === testTableLines(commit);
}

/** A line that can only open a table: a nested array may start with a bracket too, but not with a bare key in it. */
const tableHeader = /^\s*\[\[?\s*(?!(?:true|false|inf|nan)\b)[A-Za-z_][^\]]*\]\]?\s*(?:#.*)?$/;

function testTableLines(toml: string): string {
  let inside = false;
  const lines: string[] = [];
  for (const line of toml.split(/\r?\n/)) {
    const named = /pytest|coverage|\\[uUx]/i.test(line);
    if (tableHeader.test(line)) inside = named;
    if (inside || named) lines.push(line.trim());
  }
  return lines.filter((line) => line !== '').join('\n');
}

type JsonObject = Readonly<Record<string, unknown>>;

function restoreMembers(old: JsonObject, now: JsonObject, steers: (name: string) => boolean): {value: JsonObject; fields: readonly string[]} {
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(steers);
  const fields = names.filter((name) => canonicalJson(member(old, name) ?? null) !== canonicalJson(member(now, name) ?? null));
  const kept = Object.entries(now).filter(([name]) => !fields.includes(name));
  const restored = fields.filter((name) => Object.hasOwn(old, name)).map((name) => [name, old[name]] as const);
  return {value: Object.fromEntries([...kept, ...restored]), fields};
}

function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
