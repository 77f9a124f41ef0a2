import type {Fact} from './fact.js';
import type {Folder} from './files.js';

interface Known {
  readonly file: RegExp;
  readonly language: string;
  readonly test?: readonly string[];
  readonly build?: readonly string[];
}

/** Languages that are known by a file alone: the commands are those that are usual with it, so never certain. */
const known: readonly Known[] = [
  {file: /^go\.mod$/, language: 'go', test: ['go', 'test', './...'], build: ['go', 'build', './...']},
  {file: /^Cargo\.toml$/, language: 'rust', test: ['cargo', 'test'], build: ['cargo', 'build']},
  {file: /^pom\.xml$/, language: 'java', test: ['mvn', 'test'], build: ['mvn', 'package']},
  {file: /^build\.gradle(?:\.kts)?$/, language: 'java', test: ['gradle', 'test'], build: ['gradle', 'build']},
  {file: /^Gemfile$/, language: 'ruby'},
  {file: /^composer\.json$/, language: 'php'},
  {file: /^mix\.exs$/, language: 'elixir', test: ['mix', 'test'], build: ['mix', 'compile']},
  {file: /^Package\.swift$/, language: 'swift', test: ['swift', 'test'], build: ['swift', 'build']},
  {file: /\.(?:cs|fs|vb)proj$|\.slnx?$/, language: 'dotnet', test: ['dotnet', 'test'], build: ['dotnet', 'build']},
  {file: /^deno\.jsonc?$/, language: 'deno', test: ['deno', 'test']},
  {file: /^CMakeLists\.txt$/, language: 'c'},
  {file: /^(?:MODULE\.bazel|WORKSPACE(?:\.bazel)?)$/, language: 'bazel', test: ['bazel', 'test', '//...']},
];

/** Files that name a runner of their own. */
const runners: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [/^\.rspec$/, 'rspec', ['bundle', 'exec', 'rspec']],
  [/^phpunit\.xml(?:\.dist)?$/, 'phpunit', ['vendor/bin/phpunit']],
];

/** Task files with targets as `name:` at the beginning of a line. */
const taskFiles: readonly (readonly [RegExp, string])[] = [
  [/^(?:GNUm|M|m)akefile$/, 'make'],
  [/^\.?[Jj]ustfile$/, 'just'],
];

/** What other languages' files and task files say. */
export async function otherFacts(folder: Folder): Promise<readonly Fact[]> {
  const languages = known.flatMap(({file, language, test, build}): readonly Fact[] => {
    const [name] = folder.files((each) => file.test(each));
    if (name === undefined) return [];
    const seen = `a ${name.slice(0, 80)}`;
    const at = folder.at(name);
    const usual = (kind: 'test-command' | 'build-command', argv: readonly string[] | undefined): readonly Fact[] => (argv === undefined ? [] : [{kind, value: argv.join(' '), argv, file: at, seen: `what is usual with ${seen}`, certainty: kind === 'test-command' ? 'likely' : 'guess'}]);
    return [{kind: 'language', value: language, file: at, seen, certainty: 'certain'}, ...usual('test-command', test), ...usual('build-command', build)];
  });
  const named = runners.flatMap(([pattern, value, argv]): readonly Fact[] => {
    const [name] = folder.files((each) => pattern.test(each));
    return name === undefined ? [] : [
      {kind: 'runner', value, file: folder.at(name), seen: 'its configuration file', certainty: 'certain'},
      {kind: 'test-command', value: argv.join(' '), argv, file: folder.at(name), seen: 'what is usual with it', certainty: 'likely'},
    ];
  });
  return [...languages, ...named, ...(await targetFacts(folder))];
}

async function targetFacts(folder: Folder): Promise<readonly Fact[]> {
  const facts: Fact[] = [];
  for (const [pattern, program] of taskFiles) {
    const [name] = folder.files((each) => pattern.test(each));
    const text = name === undefined ? undefined : await folder.read(name);
    if (name === undefined || text === undefined) continue;
    for (const [target, kind] of [['test', 'test-command'], ['check', 'test-command'], ['build', 'build-command']] as const) {
      if (!text.split('\n').some((line) => isTarget(line, target))) continue;
      facts.push({kind, value: `${program} ${target}`, argv: [program, target], file: folder.at(name), seen: `the target ${target}`, certainty: target === 'check' ? 'guess' : 'likely'});
    }
  }
  return facts;
}

/** `test:`, `test unit:` or `test a b: c`, and no assignment such as `test := 1` or `test = a:b`. */
function isTarget(line: string, target: string): boolean {
  const rest = line.startsWith(target) ? line.slice(target.length) : '';
  const colon = rest.indexOf(':');
  if (colon === -1 || rest[colon + 1] === '=') return false;
  const between = rest.slice(0, colon);
  return between === '' || (/^[ \t]/.test(between) && !/^[+?!]?=/.test(between.trim()));
}
