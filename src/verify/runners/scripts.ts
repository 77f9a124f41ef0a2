/** The scripts of a package.json by name; none when it is no JSON object or has none. */
export function scriptsOf(packageJson: string | undefined): ReadonlyMap<string, string> {
  try {
    const value = JSON.parse(packageJson ?? '') as unknown;
    const scripts = typeof value === 'object' && value !== null && 'scripts' in value ? value.scripts : undefined;
    if (typeof scripts !== 'object' || scripts === null) return new Map();
    return new Map(Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return new Map();
  }
}

/** The words of a command line, split at everything that a shell or an option may put between two words. Never fewer than a shell sees. */
export function wordsOf(text: string): readonly string[] {
  return text.split(/[\s'"`;&|<>(){}[\],=$]+/).filter((word) => word !== '');
}

/**
 * The scripts that some command lines may start, through other scripts too: every script whose name is one of their
 * words (as `npm run NAME`, `npm:NAME`, `run-s NAME:*`), with `pre` and `post`. It may name one too many.
 */
export function reachedScripts(scripts: ReadonlyMap<string, string>, lines: readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const queue = [...lines];
  for (const line of queue) {
    const words = wordsOf(line).map((word) => word.replace(/^npm:/, ''));
    const named = [...scripts.keys()].filter((name) => words.some((word) => names(word, name)));
    for (const name of named.flatMap((each) => [each, `pre${each}`, `post${each}`])) {
      if (reached.has(name)) continue;
      reached.add(name);
      const next = scripts.get(name);
      if (next !== undefined) queue.push(next);
    }
  }
  return reached;
}

function names(word: string, script: string): boolean {
  if (['t', 'tst'].includes(word)) return script === 'test';
  const star = word.indexOf('*');
  return star > 0 ? script.startsWith(word.slice(0, star)) : word === script;
}
