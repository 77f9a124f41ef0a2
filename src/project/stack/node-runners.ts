import type {Fact} from './fact.js';
import {mapOf, type Folder} from './files.js';

/** Packages that run tests, by the name of their runner. */
const packages: Readonly<Record<string, string>> = {
  vitest: 'vitest',
  jest: 'jest',
  mocha: 'mocha',
  ava: 'ava',
  tap: 'tap',
  tape: 'tape',
  uvu: 'uvu',
  jasmine: 'jasmine',
  karma: 'karma',
  cypress: 'cypress',
  '@playwright/test': 'playwright',
  'react-scripts': 'jest',
};

/** Configuration files of runners, by the beginning of their name. */
const configFiles: readonly (readonly [RegExp, string])[] = [
  [/^vitest\.(?:config|workspace|projects)\.[cm]?[jt]s(?:on)?$/, 'vitest'],
  [/^jest\.config\.(?:[cm]?[jt]s|json)$/, 'jest'],
  [/^\.mocharc(?:\.(?:[cm]?js|jsonc?|ya?ml))?$/, 'mocha'],
  [/^ava\.config\.[cm]?js$/, 'ava'],
  [/^\.taprc$/, 'tap'],
  [/^playwright\.config\.[cm]?[jt]s$/, 'playwright'],
  [/^cypress\.config\.[cm]?[jt]s$/, 'cypress'],
  [/^karma\.conf\.[cm]?[jt]s$/, 'karma'],
];

/** Keys of a package.json that configure a runner. */
const configKeys = ['jest', 'mocha', 'ava', 'tap'];

/** The runners that a package depends on or configures. */
export function nodeRunners(folder: Folder, json: Readonly<Record<string, unknown>>): readonly Fact[] {
  const file = folder.at('package.json');
  const depends = ['dependencies', 'devDependencies'].flatMap((field) => Object.keys(mapOf(json[field])).map((name) => [field, name] as const));
  return [
    ...folder.files((name) => configFiles.some(([pattern]) => pattern.test(name))).map((name): Fact => ({kind: 'runner', value: configFiles.find(([pattern]) => pattern.test(name))?.[1] ?? name, file: folder.at(name), seen: 'its configuration file', certainty: 'certain'})),
    ...configKeys.filter((key) => Object.hasOwn(json, key)).map((key): Fact => ({kind: 'runner', value: key, file, seen: `the key ${key}`, certainty: 'certain'})),
    ...depends.flatMap(([field, name]): readonly Fact[] => (Object.hasOwn(packages, name) ? [{kind: 'runner', value: packages[name] ?? name, file, seen: `${field}: ${name}`, certainty: 'likely'}] : [])),
  ];
}

const programs: Readonly<Record<string, string>> = {vitest: 'vitest', jest: 'jest', mocha: 'mocha', ava: 'ava', tap: 'tap', tape: 'tape', uvu: 'uvu', jasmine: 'jasmine', karma: 'karma', cypress: 'cypress', playwright: 'playwright'};

/** The runner that a script starts, or undefined when it is none that is known, or more than one. */
export function runnerOfScript(line: string): string | undefined {
  const words = line.split(/[\s'"`;&|()]+/).filter((word) => word !== '');
  const found = new Set(words.flatMap((word) => (Object.hasOwn(programs, word) ? [programs[word] ?? word] : [])));
  if (words.includes('node') && words.includes('--test')) found.add('node');
  if (words.some((word, index) => word === 'bun' && words[index + 1] === 'test')) found.add('bun');
  if (words.some((word, index) => word === 'react-scripts' && words[index + 1] === 'test')) found.add('jest');
  return found.size === 1 ? [...found][0] : undefined;
}
