import picomatch from 'picomatch';

/** How deep below the root a package may lie for its test folder to be seen: `packages/group/name/test`. */
const packageDepth = 3;
/** Any one folder that does not hold product code by its name. */
const packageFolder = '@(!(src|lib))/';
const inPackage = Array.from({length: packageDepth + 1}, (_, depth) => `${packageFolder.repeat(depth)}@(test|tests|spec|specs)/**`);

/**
 * What a test is by its path alone, as globs of picomatch (with dot files): what lies in a test folder of the root or
 * of a package (not in a folder below `src` or `lib` that only has such a name, but for `src/test`, where Maven and
 * editors look), and the names by which node:test, vitest, jest, mocha, pytest, unittest and go find test files.
 */
export const testGlobs: readonly string[] = [
  ...inPackage,
  ...['**/src/@(test|tests)/**', '**/@(__tests__|__snapshots__|testdata)/**'],
  ...['**/*.test.*', '**/*[._-]@(test|spec).?(c|m)[jt]s?(x)', '**/@(test|spec).?(c|m)[jt]s?(x)', '**/*_@(test|spec).*'],
  ...['**/@(test|tests)[_-]*.*', '**/conftest.py', '**/*.snap'],
];

const matches = picomatch([...testGlobs], {dot: true, nocase: true});

/** Whether a path is a test, or a file that only tests use, by {@link testGlobs} in any case. */
export function isTestPath(path: string): boolean {
  return matches(path);
}
