import {maxSignature, maxSymbols, type CodeSymbol, type ImportRef, type Outline, type SymbolKind} from '../outline-types.js';

/** A symbol by its offsets, before lines are known. */
export interface Found {
  readonly name: string;
  readonly kind: SymbolKind;
  /** Offset of its first character and of the first one after it. */
  readonly start: number;
  readonly end: number;
  /** Offset from which its line tells what it is, where that is not its first: behind decorators. */
  readonly at?: number;
  readonly depth: number;
  readonly exported: boolean;
}

/** Gathers what a walk over a tree finds, bounded, and turns offsets into lines. */
export interface Collector {
  symbol(found: Found): void;
  import(specifier: string, names?: readonly string[]): void;
  /** `local` is its name in the file, where others see another. */
  export(name: string, local?: string): void;
  /** `isExported` decides for symbols that were not marked. */
  finish(isExported?: (symbol: CodeSymbol) => boolean): Outline;
}

/** Starts with nothing found in a text. */
export function startCollector(text: string): Collector {
  const starts = lineStarts(text);
  const symbols: CodeSymbol[] = [];
  const imports = new Map<string, Set<string>>();
  const exports = new Set<string>();
  const locals = new Set<string>();
  return {
    symbol({name, kind, start, end, at = start, depth, exported}) {
      if (symbols.length >= maxSymbols || name === '') return;
      const from = lineAt(starts, start);
      symbols.push({name: name.slice(0, maxSignature), kind, from, to: Math.max(from, lineAt(starts, end - 1)), depth, signature: signatureAt(text, at), exported});
    },
    import(specifier, names = []) {
      if (specifier === '' || specifier.length > 1024) return;
      if (imports.size >= maxSymbols && !imports.has(specifier)) return;
      const known = imports.get(specifier) ?? new Set<string>();
      for (const name of names.slice(0, maxSymbols)) known.add(name);
      imports.set(specifier, known);
    },
    export(name, local = name) {
      if (exports.size >= maxSymbols) return;
      exports.add(name.slice(0, maxSignature));
      locals.add(local.slice(0, maxSignature));
    },
    finish(isExported = () => false) {
      const own = symbols.map((symbol) => (symbol.exported || isExported(symbol) ? {...symbol, exported: true} : symbol));
      for (const {name, exported, depth} of own) if (exported && depth === 0) exports.add(name);
      const all = own.map((symbol) => (symbol.depth === 0 && locals.has(symbol.name) ? {...symbol, exported: true} : symbol));
      all.sort((a, b) => a.from - b.from || a.depth - b.depth);
      return {by: 'syntax', lines: starts.length, symbols: all, imports: [...imports].map(([specifier, names]): ImportRef => ({specifier, names: [...names]})), exports: [...exports]};
    },
  };
}

/** Offsets at which lines begin; a line feed at the very end begins none. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let index = text.indexOf('\n'); index !== -1 && index + 1 < text.length; index = text.indexOf('\n', index + 1)) starts.push(index + 1);
  return starts;
}

/** The line, from 1, in which an offset lies. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? Infinity) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

function signatureAt(text: string, start: number): string {
  const end = text.indexOf('\n', start);
  const line = text.slice(start, Math.min(end === -1 ? text.length : end, start + maxSignature));
  return line.trim().replace(/\s*\{$/, '');
}
