import {Linter} from 'eslint';
import {describe, expect, it} from 'vitest';
import {parser} from 'typescript-eslint';

const tooling = '../../tooling/doors.js';
const loaded = (await import(/* @vite-ignore */ tooling)) as {readonly doors: Linter.Config};

function broken(filename: string, code: string): readonly (string | null)[] {
  const linter = new Linter({configType: 'flat'});
  return linter.verify(code, [{files: ['**/*.ts'], languageOptions: {parser}}, loaded.doors], {filename}).map(({ruleId}) => ruleId);
}

describe('git is started through its two doors alone', () => {
  it.each([
    ['a program named git', 'src/sandbox/x.ts', "import {execa} from 'execa';\nexport const x = execa('git', ['status']);\n", 'no-restricted-syntax'],
    ['a path that ends in git', 'src/git/merge/x.ts', "spawn('/usr/bin/git', []);\n", 'no-restricted-syntax'],
    ['a command line in a template', 'src/sandbox/x.ts', 'await $`git status`;\n', 'no-restricted-syntax'],
    ['what the doors call', 'src/git/freeze/x.ts', "import {callGit} from '../door/process.js';\ncallGit;\n", 'no-restricted-imports'],
    ['the same by another way', 'src/git/x.ts', "import {findProgram as look, isGitFailure} from './door/process.js';\nlook; isGitFailure;\n", 'no-restricted-imports'],
    ['all of it', 'src/run/x.ts', "import * as door from '../git/door/process.js';\ndoor;\n", 'no-restricted-imports'],
  ])('%s is caught', (_what, file, code, rule) => {
    expect(broken(file, code)).toEqual([rule]);
  });

  it('lets the doors, their callers and the word itself pass', () => {
    expect(broken('src/git/door/command.ts', "import {callGit} from './process.js';\ncallGit('git', {});\n")).toEqual([]);
    expect(broken('src/git/merge/x.ts', "import {runGit} from '../door/command.js';\nimport {isGitFailure} from '../door/process.js';\nrunGit({args: ['git']}); isGitFailure; join(root, 'git');\n")).toEqual([]);
    expect(broken('test/unit/x.test.ts', "execa('git', []);\n")).toEqual([]);
  });
});
