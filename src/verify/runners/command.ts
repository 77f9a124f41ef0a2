import {isLauncher, launchedBy, splitAssignments, type PlainCommand} from './launcher.js';
import {scriptsOf} from './scripts.js';

/** Most launchers that may stand in front of each other, besides scripts: `cross-env A=1 c8 mocha` has two. */
const maxLaunchers = 8;

/**
 * Replaces launchers by what they start: `npm test`, `npx vitest`, `yarn`, `pnpm exec`, `node_modules/.bin/…`, `cross-env`
 * and coverage tools, through scripts of the given package.json that run scripts, where each is one plain command
 * without `pre` and `post` scripts; anything that would need a shell stays as it is.
 */
export function resolveCommand(command: readonly string[], packageJson: string | undefined): PlainCommand {
  const asIs: PlainCommand = {argv: command, env: {}};
  const scripts = scriptsOf(packageJson);
  let now = asIs;
  // Each round takes one launcher or script away; a ring of scripts has no end, so it stays as it is.
  for (let round = 0; round <= scripts.size + maxLaunchers; round += 1) {
    const next = launchedBy(now.argv, (name) => scripts.has(name));
    if (next === undefined) return isLauncher(now.argv[0]) ? asIs : now;
    const plain = 'program' in next ? next.program : scriptCommand(scripts, next.script);
    if (plain === undefined) return asIs;
    now = {argv: [...plain.argv, ...('program' in next ? [] : next.rest)], env: {...now.env, ...plain.env}};
  }
  return asIs;
}

function scriptCommand(scripts: ReadonlyMap<string, string>, name: string): PlainCommand | undefined {
  const line = scripts.get(name);
  return line === undefined || scripts.has(`pre${name}`) || scripts.has(`post${name}`) ? undefined : plainCommand(line);
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
  return splitAssignments(words);
}
