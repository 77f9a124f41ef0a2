import {lstat} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {AppError, systemCode} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {readTextFile} from '../text-file.js';
import {isYamlProblem, parseYaml} from '../yaml-text.js';
import {isMap, judgeAgentOsConfig, type AgentOsKey} from './judge.js';

/** Where Agent OS keeps a project's configuration: the forks and 1.x, then 2.x and 3.x. A repository may have both. */
export const agentOsConfigFiles = ['.agent-os/config.yml', 'agent-os/config.yml'] as const;

/** A configuration file of Agent OS, and whether it was read. */
export interface AgentOsFile {
  /** Relative to the root. */
  readonly path: string;
  readonly state: 'read' | 'absent' | 'not-read';
  /** Why it was not read; reads on after the file's name. */
  readonly why?: string;
  readonly keys: readonly AgentOsKey[];
}

/**
 * Reads the Agent OS configuration of a checkout. Unknown keys are listed, never an error: the files belong to others.
 * A symbolic link is not followed, and said. Throws CONFIG_INVALID for a file that is no YAML map of names.
 */
export async function readAgentOsConfig(repositoryRoot: string, signal: AbortSignal): Promise<readonly AgentOsFile[]> {
  const files: AgentOsFile[] = [];
  for (const path of agentOsConfigFiles) files.push(await readOne(repositoryRoot, path, signal));
  return files;
}

async function readOne(root: string, path: string, signal: AbortSignal): Promise<AgentOsFile> {
  if (await isLink(join(root, dirname(path)))) return {path, state: 'not-read', why: 'is behind a symbolic link, which is not followed', keys: []};
  const full = join(root, path);
  const text = await readTextFile({path: full, followLink: false, signal});
  if (!('text' in text)) return text.absent ? {path, state: 'absent', keys: []} : {path, state: 'not-read', why: text.problem, keys: []};
  const yaml = parseYaml(text.text);
  if (isYamlProblem(yaml)) throw invalid(`${full}:${yaml.line}:${yaml.column}: the Agent OS configuration is not valid YAML: ${escapeText(yaml.message).slice(0, 200)}.`);
  const value = yaml.value ?? {};
  if (!isMap(value)) throw invalid(`${full}: the Agent OS configuration is not a map of names.`);
  return {path, state: 'read', keys: judgeAgentOsConfig({file: path, value, lineOf: (at) => yaml.lineOf(at)})};
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    const code = systemCode(error);
    // What cannot be looked at cannot be read either, which says why.
    if (code === undefined) throw error;
    return false;
  }
}

function invalid(message: string): AppError {
  return new AppError('CONFIG_INVALID', message, {hint: 'Correct it: what it limits must not be guessed.'});
}
