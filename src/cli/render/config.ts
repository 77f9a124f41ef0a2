import {escapeText} from '../../core/escape.js';
import type {AgentOsKey} from '../../project/agent-os-config/judge.js';
import type {ConfigFile} from '../../project/config.js';
import type {EffectiveSetting} from '../effective-settings.js';
import {paint} from './error.js';

const origins = {flag: 'flag', environment: 'environment', user: 'your own file', repository: 'bulkhead.yml', 'agent-os': 'Agent OS', default: 'default'} as const;
const colours = {used: 'green', 'not-used': 'yellow', refused: 'red'} as const;

/** The settings with their origin, the files that were looked at, and every key of an Agent OS configuration. */
export function renderConfig({settings, files, agentOs}: {readonly settings: readonly EffectiveSetting[]; readonly files: readonly ConfigFile[]; readonly agentOs: readonly AgentOsKey[]}): string {
  const keyWidth = widest(settings.map((setting) => escapeText(setting.key)));
  const valueWidth = Math.min(40, widest(settings.map((setting) => shown(setting.value))));
  const rows = settings.map((setting) => `${escapeText(setting.key).padEnd(keyWidth)}  ${shown(setting.value).padEnd(valueWidth)}  ${setting.variable ?? origins[setting.origin]}`);
  const lines = [...rows, '', ...files.map(fileLine), ...agentOsLines(agentOs)];
  return `${lines.join('\n')}\n`;
}

function fileLine(file: ConfigFile): string {
  const state = {read: 'read', absent: 'not there', 'not-read': `not read: it ${file.why ?? ''}`}[file.state];
  return `${origins[file.origin]}: ${escapeText(file.path)} (${escapeText(state)})`;
}

function agentOsLines(keys: readonly AgentOsKey[]): readonly string[] {
  if (keys.length === 0) return [];
  const width = widest(keys.map((key) => keyText(key)));
  return ['', 'Agent OS configuration:', ...keys.map((key) => `  ${paint(colours[key.effect], key.effect.padEnd(8))}  ${keyText(key).padEnd(width)}  ${escapeText(key.why)}`)];
}

/** Of a stranger's file, so escaped and short. */
function keyText(key: AgentOsKey): string {
  return `${shown(key.key, {bare: true})}: ${shown(key.value)}`;
}

function shown(value: unknown, {bare = false}: {readonly bare?: boolean} = {}): string {
  if (value === null || value === undefined) return '-';
  const text = escapeText(typeof value === 'string' ? value : JSON.stringify(value));
  const most = bare ? 100 : 60;
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

function widest(texts: readonly string[]): number {
  return Math.min(80, Math.max(0, ...texts.map((text) => text.length)));
}
