import {type z} from 'zod';
import {type ErrorCode} from '../core/codes.js';
import {AppError} from '../core/errors.js';
import {escapeText} from '../core/escape.js';
import {configDefaults, defaultContextTokens, keysAt, RepositoryConfig, UserConfig} from './config-schema.js';
import {nearestWord} from './nearest.js';
import {readTextFile} from './text-file.js';
import {isYamlProblem, parseYaml} from './yaml-text.js';

interface Problem {
  readonly code: Extract<ErrorCode, 'CONFIG_INVALID' | 'CONFIG_KEY_NOT_ALLOWED'>;
  /** Dotted; empty for the file as a whole. */
  readonly key: string;
  readonly line: number;
  readonly message: string;
}

interface Parsed {
  readonly value: unknown;
  lineOf(path: readonly PropertyKey[]): number;
}

/**
 * Reads a repository's `bulkhead.yml`, or undefined when there is none. Throws CONFIG_INVALID, or CONFIG_KEY_NOT_ALLOWED
 * for what only the user may set, a limit above the default included.
 */
export async function readRepositoryConfig(path: string, signal: AbortSignal): Promise<RepositoryConfig | undefined> {
  const file = await readYamlFile({path, followLink: false, signal});
  if (file === undefined) return undefined;
  const parsed = RepositoryConfig.safeParse(file.value);
  if (!parsed.success) throw refusal(path, problemsOf(parsed.error, file, RepositoryConfig));
  const wider = [...widerLimits(parsed.data, file), ...widerContexts(parsed.data, file)];
  if (wider.length > 0) throw refusal(path, wider);
  return parsed.data;
}

/** Reads the user's own configuration, or undefined when there is none. It may be a link. Throws CONFIG_INVALID. */
export async function readUserConfig(path: string, signal: AbortSignal): Promise<UserConfig | undefined> {
  const file = await readYamlFile({path, followLink: true, signal});
  if (file === undefined) return undefined;
  const parsed = UserConfig.safeParse(file.value);
  if (!parsed.success) throw refusal(path, problemsOf(parsed.error, file, UserConfig));
  return parsed.data;
}

async function readYamlFile(request: {readonly path: string; readonly followLink: boolean; readonly signal: AbortSignal}): Promise<Parsed | undefined> {
  const file = await readTextFile(request);
  if (!('text' in file)) {
    if (file.absent) return undefined;
    throw new AppError('CONFIG_INVALID', `The configuration ${request.path} ${file.problem}.`, {
      hint: 'Make it a regular YAML file, or remove it.',
      details: {file: request.path},
    });
  }
  const yaml = parseYaml(file.text);
  if (isYamlProblem(yaml)) {
    const {line, column, message} = yaml;
    throw new AppError('CONFIG_INVALID', `${request.path}:${line}:${column}: the configuration is not valid YAML: ${escapeText(message).slice(0, 200)}.`, {
      hint: 'Correct the line that is named.',
      details: {file: request.path, line, column},
    });
  }
  // An empty file, or one of comments alone, sets nothing.
  return {value: yaml.value ?? {}, lineOf: (path) => yaml.lineOf(path)};
}

function problemsOf(error: z.ZodError, file: Parsed, schema: z.ZodType): readonly Problem[] {
  return error.issues.flatMap((issue): readonly Problem[] => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey({key, path: issue.path, file, schema}));
    const key = dotted(issue.path);
    const what = issue.code === 'invalid_key' ? issue.issues.map((inner) => inner.message).join(', ') : issue.message;
    return [{code: 'CONFIG_INVALID', key, line: file.lineOf(issue.path), message: key === '' ? what : `\`${key}\`: ${what}`}];
  });
}

function unknownKey(unknown: {readonly key: string; readonly path: readonly PropertyKey[]; readonly file: Parsed; readonly schema: z.ZodType}): Problem {
  const path = [...unknown.path, unknown.key];
  const key = dotted(path);
  const line = unknown.file.lineOf(path);
  if (keysAt(UserConfig, unknown.path).includes(unknown.key)) {
    return {code: 'CONFIG_KEY_NOT_ALLOWED', key, line, message: `only the user may set \`${key}\`, not a repository`};
  }
  const near = nearestWord(unknown.key, keysAt(unknown.schema, unknown.path));
  const guess = near === undefined ? '' : `; did you mean \`${near}\`?`;
  return {code: 'CONFIG_INVALID', key, line, message: `the key \`${key}\` is unknown${guess}`};
}

function widerLimits(config: RepositoryConfig, file: Parsed): readonly Problem[] {
  return Object.entries(configDefaults.limits).flatMap(([name, most]): readonly Problem[] => {
    const asked = config.limits?.[name as keyof typeof configDefaults.limits];
    return asked === undefined || asked <= most ? [] : [wider(['limits', name], {most, asked, file})];
  });
}

function widerContexts(config: RepositoryConfig, file: Parsed): readonly Problem[] {
  return Object.entries(config.specialists ?? {}).flatMap(([name, {context}]): readonly Problem[] => {
    const most = defaultContextTokens(name);
    return context === undefined || context.tokens <= most ? [] : [wider(['specialists', name, 'context', 'tokens'], {most, asked: context.tokens, file})];
  });
}

function wider(path: readonly string[], {most, asked, file}: {readonly most: number; readonly asked: number; readonly file: Parsed}): Problem {
  const key = path.join('.');
  return {code: 'CONFIG_KEY_NOT_ALLOWED', key, line: file.lineOf(path), message: `a repository may only narrow \`${key}\`: at most ${most}, not ${asked}`};
}

/** What is not allowed comes first: it is the one that matters, whatever else is wrong. */
function refusal(file: string, all: readonly Problem[]): AppError {
  const refused = all.filter((problem) => problem.code === 'CONFIG_KEY_NOT_ALLOWED');
  const code = refused.length > 0 ? 'CONFIG_KEY_NOT_ALLOWED' : 'CONFIG_INVALID';
  const shown = (refused.length > 0 ? refused : all).slice(0, 10);
  const text = shown.map((problem) => `${file}:${problem.line}: ${problem.message}`).join('; ');
  return new AppError(code, text.endsWith('?') ? text : `${text}.`, {
    hint: refused.length > 0 ? 'Remove it here. If you want it, set it in your own configuration or give the flag.' : 'Correct or remove it.',
    details: {file, problems: shown.map(({key, line, message}) => ({key, line, message}))},
  });
}

function dotted(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part).slice(0, 80)}`)).join('');
  return escapeText(text.replace(/^\./, ''));
}
