/** What the parsers know; everything else is outlined by lines. */
export type Syntax = 'javascript' | 'typescript' | 'typescript-jsx' | 'python';

const byExtension: ReadonlyMap<string, Syntax> = new Map([
  ...['js', 'mjs', 'cjs', 'jsx'].map((extension) => [extension, 'javascript'] as const),
  ...['ts', 'mts', 'cts'].map((extension) => [extension, 'typescript'] as const),
  ['tsx', 'typescript-jsx'],
  ...['py', 'pyi'].map((extension) => [extension, 'python'] as const),
]);

/** The part of a path after the last dot of its last name, in lower case; empty when there is none. */
export function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** The grammar for a path, by its extension alone; undefined when there is none. */
export function syntaxOf(path: string): Syntax | undefined {
  return byExtension.get(extensionOf(path));
}
