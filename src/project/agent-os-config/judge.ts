import {forkKeys, windowRule} from './fork-keys.js';
import {guideKeys} from './guide-keys.js';
import {originalKeys} from './original-keys.js';
import type {Effect, Judgement, Narrowed, Rule} from './rule.js';

/** One value of an Agent OS `config.yml`, and what becomes of it. Names and values are a stranger's: escape them before they are shown. */
export interface AgentOsKey {
  /** The file, relative to the repository's root. */
  readonly file: string;
  /** Dotted. */
  readonly key: string;
  /** From 1. */
  readonly line: number;
  readonly value: unknown;
  /** Whether Bulkhead knows the key; an unknown one is somebody else's and stays as it is. */
  readonly known: boolean;
  readonly effect: Effect;
  readonly why: string;
  /** What it sets, when it is used. */
  readonly sets: readonly Narrowed[];
}

/** A parsed file. */
export interface AgentOsText {
  readonly file: string;
  readonly value: Readonly<Record<string, unknown>>;
  lineOf(path: readonly PropertyKey[]): number;
}

/** Most values that are listed of one file; real ones have at most about 400. */
const maxKeys = 2000;

const rules: Readonly<Record<string, Rule>> = {...originalKeys, ...guideKeys, ...forkKeys};
const patterns = Object.entries(rules)
  .filter(([path]) => path.includes('*'))
  .map(([path, rule]) => ({parts: path.split('.'), rule}));
const parents = [...Object.keys(rules), 'execution_roles.*.context_window'].flatMap((path) => prefixes(path.split('.')));

/** Parts of the configuration whose own off-switch is refused, so that it switches nothing off. */
const neverOff = ['deliverable_verification', 'tdd_enforcement', 'unified_execution.checkpointing'];

/**
 * Says of every value in the file whether it is used, not used or refused, and why; pure and total. A parent that is
 * switched off (`enabled: false`, or itself `false`) takes its children with it, unless it may not be switched off.
 */
export function judgeAgentOsConfig(text: AgentOsText): readonly AgentOsKey[] {
  const found: AgentOsKey[] = [];
  const walk = (value: unknown, path: readonly string[], off: string | undefined): void => {
    if (found.length >= maxKeys) return;
    if (!isMap(value) || Object.keys(value).length === 0) {
      const {known, ...judged} = judge(path, value, off);
      found.push({file: text.file, key: path.join('.'), line: text.lineOf(path), value, known, sets: [], ...judged});
      return;
    }
    const here = off ?? switchedOffAt(value, path);
    for (const [name, child] of Object.entries(value)) walk(child, [...path, name], name === 'enabled' ? off : here);
  };
  for (const [name, child] of Object.entries(text.value)) walk(child, [name], undefined);
  return found;
}

function switchedOffAt(value: Readonly<Record<string, unknown>>, path: readonly string[]): string | undefined {
  const dotted = path.join('.');
  return Object.hasOwn(value, 'enabled') && value['enabled'] === false && !neverOff.includes(dotted) ? `${dotted}.enabled` : undefined;
}

function judge(path: readonly string[], value: unknown, off: string | undefined): Judgement & {readonly known: boolean} {
  const rule = ruleFor(path);
  const isParent = parents.some((parts) => matches(parts, path));
  const known = rule !== undefined || isParent;
  // What is refused stays refused: a switch beside it does not make it harmless to ask for.
  const own: Judgement = rule?.(value) ?? parentOrUnknown(path, value, isParent);
  if (off === undefined || own.effect === 'refused') return {known, ...own};
  return {known, effect: 'not-used', why: `\`${off}\` is false, which switches it off`};
}

function parentOrUnknown(path: readonly string[], value: unknown, isParent: boolean): Judgement {
  if (isParent && value === false) {
    if (neverOff.includes(path.join('.'))) return {effect: 'refused', why: "a repository's file cannot switch this off"};
    return {effect: 'not-used', why: 'it switches off what would stand below it'};
  }
  if (isParent) return {effect: 'not-used', why: 'nothing stands below it'};
  if (path.at(-1) === 'enabled' && typeof value === 'boolean') return {effect: 'not-used', why: 'unknown to Bulkhead; it stays as it is, and what stands beside it counts by it'};
  return {effect: 'not-used', why: 'unknown to Bulkhead; it stays as it is'};
}

function ruleFor(path: readonly string[]): Rule | undefined {
  const dotted = path.join('.');
  if (Object.hasOwn(rules, dotted)) return rules[dotted];
  const [root, role = '', last] = path;
  if (path.length === 3 && root === 'execution_roles' && last === 'context_window') return windowRule(role);
  return patterns.find(({parts}) => matches(parts, path))?.rule;
}

function matches(parts: readonly string[], path: readonly string[]): boolean {
  return parts.length === path.length && parts.every((part, index) => part === '*' || part === path[index]);
}

function prefixes(parts: readonly string[]): readonly (readonly string[])[] {
  return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1));
}

/** Whether a value of YAML is a map of names. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
