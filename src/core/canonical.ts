import {createHash} from 'node:crypto';

/** Any value that JSON can carry. */
export type Json = string | number | boolean | null | readonly Json[] | {readonly [key: string]: Json};

/** Lower-case hex sha-256 of bytes or of the UTF-8 form of a text. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * The one text form that hashes are taken of: object keys sorted by code unit, no white space, undefined members left out.
 * Throws a TypeError for what JSON cannot carry (NaN, functions), which is a bug of the caller.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a number that JSON cannot carry');
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON form`);
  return text;
}
