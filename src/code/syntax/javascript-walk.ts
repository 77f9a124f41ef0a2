import type {SyntaxNode} from '@lezer/common';
import type {SymbolKind} from '../outline-types.js';
import type {Collector} from './collector.js';
import {behindDecorators} from './javascript-shapes.js';

/** A walk over the tree of a module. */
export interface Walk {
  readonly text: string;
  readonly found: Collector;
  /** Functions around the node; what they declare is theirs. */
  inside: number;
  /** Classes, namespaces and test groups around the node. */
  depth: number;
}

/** A symbol at a node. */
export interface NewSymbol {
  readonly kind: SymbolKind;
  readonly name: string;
  readonly exported?: boolean;
  /** Levels below the node's own. */
  readonly deeper?: number;
}

/** Adds a symbol; unless it is said, it is exported where its declaration is. */
export function addSymbol(walk: Walk, node: SyntaxNode, {kind, name, exported = isExported(node), deeper = 0}: NewSymbol): void {
  let outer = node;
  while (outer.parent?.name === 'AmbientDeclaration' || outer.parent?.name === 'ExportDeclaration') outer = outer.parent;
  const start = outer.from;
  const at = outer === node ? behindDecorators(node) : start;
  walk.found.symbol({name, kind, start, at, end: node.to, depth: walk.depth + deeper, exported});
}

/** Whether a declaration stands in an `export`. */
export function isExported({parent}: SyntaxNode): boolean {
  return parent?.name === 'ExportDeclaration' || (parent?.name === 'AmbientDeclaration' && parent.parent?.name === 'ExportDeclaration');
}

/** The text of a node. */
export function nameAt(text: string, {from, to}: {readonly from: number; readonly to: number}): string {
  return text.slice(from, to);
}

/** What stands in a quoted text, cut after 1024 characters. */
export function unquote(text: string, {from, to}: {readonly from: number; readonly to: number}): string {
  return text.slice(from + 1, Math.min(to - 1, from + 1025));
}
