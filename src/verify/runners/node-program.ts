/** Files by which the packages of runners are started with `node`, below `node_modules/`. */
const programs: readonly (readonly [RegExp, 'vitest' | 'jest' | 'mocha'])[] = [
  [/^(?:vitest\/vitest\.mjs|\.bin\/vitest)$/, 'vitest'],
  [/^(?:jest\/bin\/jest(?:\.js)?|jest-cli\/bin\/jest(?:\.js)?|\.bin\/jest)$/, 'jest'],
  [/^(?:mocha\/bin\/_?mocha(?:\.js)?|mocha\/lib\/cli\/cli\.js|\.bin\/_?mocha)$/, 'mocha'],
];

/** Options of Node.js that take the next word. */
const valued: ReadonlySet<string> = new Set(['-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file', '--env-file-if-exists']);

/** A runner of JavaScript that a command starts by its name or by its file; nothing of it for another command. */
export interface NodeProgram {
  readonly name: 'vitest' | 'jest' | 'mocha' | undefined;
  readonly nodeFlags: readonly string[];
  readonly args: readonly string[];
}

/** Which runner a command without launchers starts: `mocha …`, `node --flag node_modules/jest/bin/jest.js …`. */
export function nodeProgram([binary = '', ...words]: readonly string[]): NodeProgram {
  if (binary === 'vitest' || binary === 'jest' || binary === 'mocha') return {name: binary, nodeFlags: [], args: words};
  if (binary === '_mocha') return {name: 'mocha', nodeFlags: [], args: words};
  const nothing: NodeProgram = {name: undefined, nodeFlags: [], args: []};
  if (binary !== 'node') return nothing;
  const at = words.findIndex((word, index) => !word.startsWith('-') && !valued.has(words[index - 1] ?? ''));
  const file = /^(?:\.\/)?node_modules\/(.+)$/.exec(words[at] ?? '')?.[1];
  const name = file === undefined ? undefined : programs.find(([pattern]) => pattern.test(file))?.[1];
  return name === undefined ? nothing : {name, nodeFlags: words.slice(0, at), args: words.slice(at + 1)};
}
