import type {Json} from '../core/canonical.js';

/** Deeper JSON than any tool takes; recursion over it could exhaust the stack. */
const maxDepth = 64;

/** A value as it comes back from a journal, or why no JSON text can carry it. */
export type PlainJson = {readonly value: Json} | {readonly problem: string};

/**
 * Reads what a foreign JSON text was parsed to, so that what is used equals what a journal gives back: -0 becomes 0, a
 * lone surrogate U+FFFD, a member `__proto__` is left out (zod does that at some levels and not at others). A number
 * beyond the range of a double (`1e999` is parsed to Infinity) and nesting deeper than 64 levels are problems.
 */
export function plainJson(value: unknown, levels: number = maxDepth): PlainJson {
  if (value === null || typeof value === 'boolean') return {value};
  if (typeof value === 'string') return {value: wellFormed(value)};
  if (typeof value === 'number') return Number.isFinite(value) ? {value: value === 0 ? 0 : value} : {problem: 'has a number that is out of range'};
  if (typeof value !== 'object') return {problem: `has a ${typeof value}`};
  return levels === 0 ? {problem: 'is nested too deeply'} : plainMembers(value, levels - 1);
}

/** Replaces lone surrogates by U+FFFD: UTF-8 cannot carry them, and the Messages API refuses a request that has one. */
export function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function plainMembers(value: object, levels: number): PlainJson {
  const members: (readonly [string, Json])[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') continue;
    const plain = plainJson(member, levels);
    if ('problem' in plain) return plain;
    members.push([wellFormed(key), plain.value]);
  }
  return {value: Array.isArray(value) ? members.map(([, member]) => member) : Object.fromEntries(members)};
}
