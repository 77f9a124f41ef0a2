import type {SeenTest} from './results.js';

/**
 * What differs between two runs of the same test although nothing changed (`reference/verification.md` §2.2: one suite
 * had the wall clock in six ids). In this order: a longer form is masked before a shorter one can eat its parts.
 */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, '<date>'],
  [/\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b/g, '<time>'],
  [/(?<![\w/])(?:\/private)?\/(?:tmp|var\/tmp|var\/folders)\/[^\s'"`,;:)\]}>]+/g, '<temp>'],
  [/\b0x[0-9a-f]{4,16}\b/gi, '<address>'],
  [/\b(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):\d{2,5}\b/g, '$1:<port>'],
  [/\b1[5-9]\d{8}(?:\d{3})?\b/g, '<epoch>'],
  [/\b\d+(?:\.\d+)? ?(?:ms|µs|us|ns)\b/g, '<duration>'],
];

/** Masks clocks, addresses, temporary paths, ports and durations in a test's name. Masking twice changes nothing more. */
export function maskNoise(text: string): string {
  const masked = masks.reduce((rest, [pattern, name]) => rest.replace(pattern, name), text);
  // A mask can uncover what stood beside it; each round leaves fewer digits and slashes, so this ends.
  return masked === text ? text : maskNoise(masked);
}

/** A result with the names under which runs are compared. */
export interface IdentifiedTest {
  /** `file > suite > name` with noise masked; `#2`, `#3`… for the second and third of the same. Unique in its run. */
  readonly key: string;
  /** The same unmasked, for people. */
  readonly id: string;
  readonly test: SeenTest;
}

/** Gives every result of one run its unique key, in the order of the stream. */
export function identify(tests: readonly SeenTest[]): ReadonlyMap<string, IdentifiedTest> {
  const counts = new Map<string, number>();
  const found = new Map<string, IdentifiedTest>();
  for (const test of tests) {
    const plain = keyOf([test.file, ...test.path].join(separator));
    let count = (counts.get(plain) ?? 0) + 1;
    // A name may itself end in `#2`: count on until the key is free.
    while (found.has(numbered(plain, count))) count += 1;
    counts.set(plain, count);
    const key = numbered(plain, count);
    found.set(key, {key, id: numbered([test.file, ...test.path].join(separator), count), test});
  }
  return found;
}

const separator = ' > ';

/** The key that a written id has: noise is masked behind the file, never in it. */
export function keyOf(id: string): string {
  const at = id.indexOf(separator);
  return at === -1 ? id : `${id.slice(0, at)}${maskNoise(id.slice(at))}`;
}

function numbered(plain: string, count: number): string {
  return count === 1 ? plain : `${plain} #${count}`;
}
