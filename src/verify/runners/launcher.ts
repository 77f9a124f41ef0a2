/** A command without a shell: argv, and assignments that stood in front of it. */
export interface PlainCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a launcher starts: a script of package.json with more arguments, or a program that the project has installed. */
export type Launched = {readonly script: string; readonly rest: readonly string[]} | {readonly program: PlainCommand};

/** Programs that launchers and coverage tools start and that an adapter knows. */
const runnerNames: ReadonlySet<string> = new Set(['vitest', 'jest', 'mocha', '_mocha', 'node', 'pytest']);

/**
 * What a command of npm, npx, yarn, pnpm, cross-env, c8 or nyc starts, or undefined where it is none of these, or is one
 * in a form (other packages, several workspaces, a download) that is not the same as starting one program here.
 * `isScript` tells which names are scripts: yarn and pnpm take those first.
 */
export function launchedBy([binary = '', ...words]: readonly string[], isScript: (name: string) => boolean): Launched | undefined {
  switch (binary) {
    case 'npm':
      return byNpm(words.filter((word) => !['-s', '--silent'].includes(word)));
    case 'npx':
      return byName(words.filter((word, index) => !(index < 2 && ['--no', '--no-install', '-y', '--yes', '-q', '--quiet'].includes(word))));
    case 'yarn':
    case 'pnpm':
      return byYarn(words.filter((word, index) => !(index < 2 && ['-s', '--silent'].includes(word))), isScript);
    case 'cross-env':
      return afterAssignments(words);
    case 'c8':
    case 'nyc': {
      const at = words.findIndex((word) => runnerNames.has(word));
      return at === -1 ? undefined : {program: {argv: words.slice(at), env: {}}};
    }
    default: {
      const name = /^(?:\.\/)?node_modules\/\.bin\/([\w.-]+)$/.exec(binary)?.[1];
      return name === undefined ? undefined : {program: {argv: [name, ...words], env: {}}};
    }
  }
}

/** Whether a word names a program that only says what another one starts. */
export function isLauncher(word: string | undefined): boolean {
  return word !== undefined && (['npm', 'npx', 'yarn', 'pnpm', 'cross-env', 'c8', 'nyc'].includes(word) || /^(?:\.\/)?node_modules\/\.bin\//.test(word));
}

function byNpm([verb = '', ...after]: readonly string[]): Launched | undefined {
  if (['exec', 'x'].includes(verb)) return byName(after);
  const [name, rest] = ['test', 't', 'tst'].includes(verb) ? ['test', after] : ['run', 'run-script'].includes(verb) ? [after[0], after.slice(1)] : [undefined, []];
  if (name === undefined || name.startsWith('-')) return undefined;
  if (rest.length === 0) return {script: name, rest};
  return rest[0] === '--' ? {script: name, rest: rest.slice(1)} : undefined;
}

function byYarn([verb = '', ...after]: readonly string[], isScript: (name: string) => boolean): Launched | undefined {
  if (['exec', 'dlx'].includes(verb)) return verb === 'exec' ? byName(after) : undefined;
  const [name = '', ...rest] = verb === 'run' ? after : [verb === 't' ? 'test' : verb, ...after];
  const plain = rest[0] === '--' ? rest.slice(1) : rest;
  return isScript(name) ? {script: name, rest: plain} : byName([name, ...plain]);
}

/** A program by its bare name: with options in front, or a version behind, another one may be meant. */
function byName(words: readonly string[]): Launched | undefined {
  const argv = words[0] === '--' ? words.slice(1) : words;
  return runnerNames.has(argv[0] ?? '') ? {program: {argv, env: {}}} : undefined;
}

function afterAssignments(words: readonly string[]): Launched | undefined {
  const program = splitAssignments(words);
  return program === undefined ? undefined : {program};
}

/** Splits the assignments in front from the command; undefined when there is nothing else. */
export function splitAssignments(words: readonly string[]): PlainCommand | undefined {
  const first = words.findIndex((each) => !/^[A-Za-z_]\w*=/.test(each));
  if (first === -1) return undefined;
  const env = words.slice(0, first).map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const);
  return {argv: words.slice(first), env: Object.fromEntries(env)};
}
