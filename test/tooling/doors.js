const startsGit = ['callGit', 'startGit', 'findGit', 'findProgram'];

/**
 * git is started through two doors alone (`src/git/door/command.ts`, `user-git.ts`): nothing else may call what starts a
 * process there, and nobody may start a program of that name some other way.
 */
export const doors = {
  name: 'git is started through its doors',
  files: ['src/**/*.ts'],
  ignores: ['src/git/door/**'],
  rules: {
    'no-restricted-imports': ['error', {patterns: [{group: ['**/door/process.js', '**/process.js'], importNames: startsGit, message: 'git is started through door/command.ts or door/user-git.ts.'}]}],
    'no-restricted-syntax': [
      'error',
      // The name of a check in a report and the search for a program start nothing.
      {selector: "CallExpression:not([callee.name=/^(failure|findProgram)$/])[arguments.0.type='Literal'][arguments.0.value=/^(.*[^\\w.-])?git$/]", message: 'git is started through door/command.ts or door/user-git.ts.'},
      {selector: "TaggedTemplateExpression > TemplateLiteral.quasi > TemplateElement:first-child[value.raw=/^\\s*(\\S*[^\\w.-])?git\\s/]", message: 'git is started through door/command.ts or door/user-git.ts.'},
    ],
  },
};
