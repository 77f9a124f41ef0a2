import {sourceFacts} from '../../../code/facts/facts.js';
import type {FunctionFacts, SourceFacts} from '../../../code/facts/types.js';
import {readAliases} from '../../../code/links/aliases.js';
import {resolveImport, type ImportScope} from '../../../code/links/resolve-import.js';

/** How far `export * from` is followed, and how many files are looked into for one name. */
const [maxHops, maxFiles] = [5, 50];

/** The tree that rules of syntax look at. */
export interface SyntaxTree {
  has(path: string): boolean;
  read(path: string): Promise<Uint8Array | undefined>;
}

/** A file of it with its facts. */
export interface ReadSource {
  readonly path: string;
  readonly facts: SourceFacts;
}

/**
 * Why a file does not export a name, or undefined when it does: by itself, or by `export *` of files of the tree. Of
 * Python it is what another module can import from it by that name. A function without a body is not exported code.
 */
export async function exportsProblem(name: string, source: ReadSource, tree: SyntaxTree): Promise<string | undefined> {
  let waiting: readonly ReadSource[] = [source];
  const seen = new Set([source.path]);
  for (let hop = 0; hop <= maxHops && waiting.length > 0; hop += 1) {
    const found = waiting.find(({path, facts}) => isExported(name, path, facts));
    if (found !== undefined) return bodyProblem(name, found.facts);
    const next: ReadSource[] = [];
    for (const {path, facts} of waiting) {
      for (const specifier of facts.exportsAllOf) {
        for (const target of resolveImport(path, {specifier, names: []}, scopeOf(tree))) {
          if (seen.has(target) || seen.size >= maxFiles) continue;
          seen.add(target);
          const bytes = await tree.read(target);
          const read = bytes && sourceFacts({path: target, bytes});
          if (read !== undefined) next.push({path: target, facts: read});
        }
      }
    }
    waiting = next;
  }
  return 'does not export it';
}

function isExported(name: string, path: string, {outline}: SourceFacts): boolean {
  if (!/\.pyi?$/i.test(path)) return outline.exports.includes(name);
  // What `__all__` lists must also be there; what is imported can be imported from here.
  return outline.symbols.some((symbol) => symbol.depth === 0 && symbol.name === name) || outline.imports.some(({names}) => names.includes(name));
}

/** Why a file does not define a name, or `Class.member`, with something in it; undefined when it does. */
export function definesProblem(name: string, {outline, functions, classes}: SourceFacts): string | undefined {
  const dot = name.lastIndexOf('.');
  const [owner, own] = dot === -1 ? [undefined, name] : [name.slice(0, dot), name.slice(dot + 1)];
  const named = functionsNamed(name, functions).filter((found) => found.body !== 'none');
  if (named.length > 0) return problemOfBodies(named);
  if (owner !== undefined) return 'does not define it';
  const isThere = classes.some((each) => each.name === own) || outline.symbols.some((symbol) => symbol.name === own && symbol.kind !== 'test' && symbol.kind !== 'section');
  return isThere && functionsNamed(name, functions).length === 0 ? undefined : 'does not define it';
}

/** Why nothing in a function, or in the methods of a class, deals with an error; undefined when something does. */
export function handlesErrorsProblem(name: string, {functions, classes}: SourceFacts): string | undefined {
  const own = [...functionsNamed(name, functions), ...(classes.some((each) => each.name === name) ? functions.filter(({within}) => within.includes(name)) : [])];
  if (own.length === 0) return 'has no function or class of that name';
  return own.some(({handlesErrors}) => handlesErrors) ? undefined : 'catches no error there, or does nothing with it';
}

/** Why a file does not import another module, or undefined when it does: as written, or by another name for the same file of the tree. */
export function importsProblem(specifier: string, {path, facts}: ReadSource, tree: SyntaxTree): string | undefined {
  const {imports} = facts.outline;
  if (imports.some((each) => each.specifier === specifier)) return undefined;
  const scope = scopeOf(tree);
  const wanted = new Set(resolveImport(path, {specifier, names: []}, scope));
  return imports.some((each) => resolveImport(path, each, scope).some((target) => wanted.has(target))) ? undefined : 'does not import it';
}

function functionsNamed(name: string, functions: readonly FunctionFacts[]): readonly FunctionFacts[] {
  const dot = name.lastIndexOf('.');
  if (dot === -1) return functions.filter((found) => found.name === name);
  return functions.filter((found) => found.name === name.slice(dot + 1) && found.within.at(-1) === name.slice(0, dot));
}

/** Only a function at the top can be the one that is exported. */
function bodyProblem(name: string, {functions}: SourceFacts): string | undefined {
  return problemOfBodies(functions.filter((found) => found.name === name && found.within.length === 0 && found.body !== 'none'));
}

function problemOfBodies(named: readonly FunctionFacts[]): string | undefined {
  const [first] = named;
  if (first === undefined || named.some(({body}) => body === 'code')) return undefined;
  return first.body === 'empty' ? 'has it without anything in it' : 'has it, but it only says that it is not implemented';
}

const noAliases = readAliases([]);

function scopeOf(tree: SyntaxTree): ImportScope {
  return {has: (path) => tree.has(path), aliases: noAliases};
}
