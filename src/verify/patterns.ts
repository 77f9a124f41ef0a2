import {basename} from 'node:path/posix';

/** Whether a path is a text for people, which breaks no test as a rule. */
export function isProse(path: string): boolean {
  return /\.(?:md|mdx|rst|adoc|txt)$/i.test(path) || /^(?:licen[cs]e|changelog|authors)$/i.test(basename(path));
}

/**
 * Files that a runner, a coverage tool, a task runner or an interpreter reads by itself and that can decide what tests
 * say; by their names in lower case. tsconfig files are left out: none of today's runners reads them.
 */
const steeringNames: readonly RegExp[] = [
  /^postcss\.config\.[a-z]+$/, /^\.postcssrc/, /^vite[a-z]*\.config\.[a-z]+$/, /^vitest\.workspace\./, /^babel\.config\./, /^\.babelrc/, /^\.swcrc$/,
  /^(?:vitest|jest|mocha)[.-](?:global-?)?(?:setup|teardown)\.[a-z]+$/, /^setup-?tests?\.[a-z]+$/, /^jest-preset\./,
  /^jest\.config\./, /^ava\.config\./, /^\.mocharc/, /^\.taprc$/, /^\.nycrc/, /^nyc\.config\./, /^\.c8rc/, /^node\.config\.json$/,
  /^\.npmrc$/, /^\.pnpmfile\.[cm]?js$/, /^\.yarnrc/, /^\.pnp\.(?:c?js|loader\.mjs)$/, /^bunfig\.toml$/, /^deno\.jsonc?$/, /^\.env(?:\.(?:test|local|test\.local))?$/,
  /^conftest\.py$/, /^\.?pytest\.(?:ini|toml)$/, /^tox\.ini$/, /^setup\.cfg$/, /^\.coveragerc$/, /^(?:site|user)customize\.py$/, /\.pth$/,
  /^(?:gnu|bsd)?makefile$/, /\.mk$/, /^\.?justfile$/, /^taskfile(?:\.dist)?\.ya?ml$/, /^rakefile(?:\.rb)?$/, /^noxfile\.py$/,
];

/** Whether a path steers how tests run without being a test. Installed packages that a commit brings along are such files too. */
export function isSteeringPath(path: string): boolean {
  const name = basename(path).toLowerCase();
  return /(?:^|\/)node_modules(?:\/|$)/.test(path) || steeringNames.some((pattern) => pattern.test(name));
}
