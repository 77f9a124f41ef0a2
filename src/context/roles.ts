import {extensionOf} from '../code/language.js';
import {contextTokens} from '../core/specialist.js';
import {isTestPath} from '../core/test-path.js';
import type {CompressionLevel} from './fit.js';

/** What a specialist's role means for its package. */
export interface Role {
  /** Tokens of its package when nothing else is said. */
  readonly budget: number;
  /** How much its files are told in parts rather than whole, where the level is adaptive. */
  readonly compression: Exclude<CompressionLevel, 'adaptive'>;
  /** What a file of a kind counts for it; 1 where nothing is said. */
  readonly kinds: Readonly<Partial<Record<FileKind, number>>>;
}

/** Kind of a file by its path alone. */
export type FileKind = 'source' | 'test' | 'document' | 'settings' | 'guarded';

/** Budgets and compression of the guide's context optimizer, tokens. The kinds are mild: a task's words decide. */
const roles = {
  test: {budget: contextTokens.test, compression: 'medium', kinds: {test: 1.25}},
  implementation: {budget: contextTokens.implementation, compression: 'low', kinds: {}},
  integration: {budget: contextTokens.integration, compression: 'medium', kinds: {settings: 1.15}},
  quality: {budget: contextTokens.quality, compression: 'high', kinds: {test: 1.1, settings: 1.1}},
  security: {budget: contextTokens.security, compression: 'medium', kinds: {guarded: 1.3, settings: 1.1}},
  documentation: {budget: contextTokens.documentation, compression: 'high', kinds: {document: 1.4}},
} as const satisfies Readonly<Record<string, Role>>;

/** What the names of specialists begin with, by role. */
const beginnings: readonly (readonly [RegExp, Role])[] = [
  [/^(?:test|qa-test)/, roles.test],
  [/^(?:integ|coordinator)/, roles.integration],
  [/^(?:qual|qa|valid|review)/, roles.quality],
  [/^(?:sec|audit)/, roles.security],
  [/^(?:doc|writer)/, roles.documentation],
];
const guarded = /auth|crypt|token|secret|session|permission|password|login|cors|csrf|sanitiz|escape/i;
const documents: ReadonlySet<string> = new Set(['md', 'mdx', 'rst', 'txt', 'adoc']);
const settings: ReadonlySet<string> = new Set(['json', 'yml', 'yaml', 'toml', 'ini', 'cfg', 'env']);

/** The role that a specialist's name means; who is of none of them implements. */
export function roleOf(specialist: string): Role {
  return beginnings.find(([beginning]) => beginning.test(specialist.toLowerCase()))?.[1] ?? roles.implementation;
}

/** What a file counts for a role. */
export function kindWeight({kinds}: Role, path: string): number {
  const own = kinds[kindOf(path)] ?? 1;
  return guarded.test(path) ? Math.max(own, kinds.guarded ?? 1) : own;
}

function kindOf(path: string): FileKind {
  if (isTestPath(path)) return 'test';
  const extension = extensionOf(path);
  if (documents.has(extension)) return 'document';
  return settings.has(extension) ? 'settings' : 'source';
}
