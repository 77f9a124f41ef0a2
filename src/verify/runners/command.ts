import {scriptsOf} from './scripts.js';

/** A command without a shell: argv, and assignments that stood in front of it. */
export interface PlainCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The name of the package.json script that a command runs, or undefined: `npm test`, `npm t`, `npm run NAME`, with
 * npm's own quiet flags in front.
 */
function npmScript(command: readonly string[]): {readonly name: string; readonly rest: readonly string[]} | undefined {
  if (command[0] !== 'npm') return undefined;
  const words = command.slice(1).filter((word) => !['-s', '--silent'].includes(word));
  const [verb = '', ...after] = words;
  const [name, rest] = ['test', 't', 'tst'].includes(verb) ? ['test', after] : ['run', 'run-script'].includes(verb) ? [after[0], after.slice(1)] : [undefined, []];
  if (name === undefined || name.startsWith('-')) return undefined;
  if (rest.length === 0) return {name, rest};
  return rest[0] === '--' ? {name, rest: rest.slice(1)} : undefined;
}

/**
 * Replaces `npm test` and `npm run NAME` by what the given package.json says, through scripts that run scripts, where
 * each is one plain command without `pre` and `post` scripts; anything that would need a shell stays as it is.
 */
export function resolveCommand(command: readonly string[], packageJson: string | undefined): PlainCommand {
  const asIs: PlainCommand = {argv: command, env: {}};
  const scripts = scriptsOf(packageJson);
  let now = asIs;
  // Each round follows one script; a ring of scripts has no end, so it stays as it is.
  for (let round = 0; round <= scripts.size; round += 1) {
    const script = npmScript(now.argv);
    if (script === undefined) return now.argv[0] === 'npm' ? asIs : now;
    const line = scripts.get(script.name);
    const plain = line === undefined || scripts.has(`pre${script.name}`) || scripts.has(`post${script.name}`) ? undefined : plainCommand(line);
    if (plain === undefined) return asIs;
    now = {argv: [...plain.argv, ...script.rest], env: {...now.env, ...plain.env}};
  }
  return asIs;
}

/**
 * Splits a script that is one plain command, or undefined where a shell would do more than split words. Quoted texts
 * may hold anything that a shell leaves alone; an unquoted `*` stays, because the runners expand it themselves.
 */
function plainCommand(line: string): PlainCommand | undefined {
  const words: string[] = [];
  const word = /\s*((?:[^\s'"\\$`;&|<>(){}#~!]|'[^']*'|"[^"\\$`!]*")+)/y;
  while (word.lastIndex < line.trimEnd().length) {
    const found = word.exec(line.trimEnd())?.[1];
    if (found === undefined) return undefined;
    words.push(found.replace(/'([^']*)'|"([^"]*)"/g, (_, single: string | undefined, double: string | undefined) => single ?? double ?? ''));
  }
  const first = words.findIndex((each) => !/^[A-Za-z_]\w*=/.test(each));
  if (first === -1) return undefined;
  const env = words.slice(0, first).map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const);
  return {argv: words.slice(first), env: Object.fromEntries(env)};
}
