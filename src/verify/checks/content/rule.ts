import {sourceFacts} from '../../../code/facts/facts.js';
import type {ContentRule} from '../../../core/manifest.js';
import {definesProblem, exportsProblem, handlesErrorsProblem, importsProblem, type SyntaxTree} from './syntax-rules.js';
import {containsProblem, matchesProblem} from './text-rules.js';

/** A file of a tree, with its bytes. */
export interface RuledFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Why a file does not meet a rule, or undefined when it does. A file that no parser gets through meets no rule of syntax. */
export async function ruleProblem(rule: ContentRule, {path, bytes}: RuledFile, tree: SyntaxTree): Promise<string | undefined> {
  if ('contains' in rule) return containsProblem(rule.contains, bytes);
  if ('matches' in rule) return matchesProblem(rule.matches, bytes);
  const facts = sourceFacts({path, bytes});
  if (facts === undefined) return 'could not be read as source code (too large, a binary, or lines and nesting beyond what is read)';
  if ('exports' in rule) return exportsProblem(rule.exports, {path, facts}, tree);
  if ('imports' in rule) return importsProblem(rule.imports, {path, facts}, tree);
  if ('defines' in rule) return definesProblem(rule.defines, facts);
  return handlesErrorsProblem(rule.handlesErrors, facts);
}
