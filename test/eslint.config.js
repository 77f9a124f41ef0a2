import tseslint from 'typescript-eslint';
import {doors} from './tooling/doors.js';

const files = ['src/**/*.ts', 'test/**/*.ts'];

export default tseslint.config(
  {ignores: ['dist/**', 'node_modules/**', 'test/fixtures/**', 'images/**', '**/*.js', '**/*.cjs']},
  {linterOptions: {reportUnusedDisableDirectives: 'error'}},
  ...tseslint.configs.strictTypeChecked.map((config) => ({...config, files})),
  {
    files,
    languageOptions: {parserOptions: {project: ['test/tsconfig.json'], tsconfigRootDir: new URL('..', import.meta.url).pathname}},
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', {fixStyle: 'inline-type-imports'}],
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true}],
      'max-lines': ['error', {max: 300, skipBlankLines: true, skipComments: true}],
      'max-params': ['error', 4],
      'no-console': 'error',
      'no-control-regex': 'error',
      eqeqeq: 'error',
      // A lock or a server that is held for a scope, or a parameter that a subclass may use, has a name that begins with `_`.
      '@typescript-eslint/no-unused-vars': ['error', {argsIgnorePattern: '^_', varsIgnorePattern: '^_'}],
    },
  },
  doors,
  {files: ['test/**/*.ts'], rules: {'max-lines': 'off', '@typescript-eslint/no-non-null-assertion': 'off'}},
);
