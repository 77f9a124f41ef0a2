import type {SeenTest} from './results.js';

/**
 * What differs between two runs of the same test although nothing changed (one suite that was looked at had the wall
 * clock in six ids). In this order: a longer form is masked before a shorter one can eat its parts.
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

/** The results of one run by id: `file > suite > name`; `#2`, `#3`… for the second and third of the same. In the order of the stream. */
export type Identified = ReadonlyMap<string, SeenTest>;

/** Gives every result of one run its unique id. */
export function identify(tests: readonly SeenTest[]): Identified {
  const counts = new Map<string, number>();
  const found = new Map<string, SeenTest>();
  for (const test of tests) {
    const plain = plainId(test);
    let count = (counts.get(plain) ?? 0) + 1;
    // A name may itself end in `#2`: count on until the id is free.
    while (found.has(numbered(plain, count))) count += 1;
    counts.set(plain, count);
    found.set(numbered(plain, count), test);
  }
  return found;
}

const separator = ' > ';

/** An id with the noise masked behind its file, never in it. */
export function maskId(id: string): string {
  const at = id.indexOf(separator);
  return at === -1 ? id : `${id.slice(0, at)}${maskNoise(id.slice(at))}`;
}

/**
 * Which test of an earlier run is which of a later one, as ids of the later one → the earlier. The same id is the same
 * test; what stays alone on both sides is paired where the masked names are equal, in the order of the two runs.
 */
export function pairRuns(earlier: Identified, later: Identified): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  const alone = new Map<string, string[]>();
  for (const [id, test] of earlier) {
    const masked = maskId(plainId(test));
    const others = alone.get(masked);
    if (later.has(id)) pairs.set(id, id);
    else if (others === undefined) alone.set(masked, [id]);
    else others.push(id);
  }
  for (const [id, test] of later) {
    const other = pairs.has(id) ? undefined : alone.get(maskId(plainId(test)))?.shift();
    if (other !== undefined) pairs.set(id, other);
  }
  return pairs;
}

function plainId(test: SeenTest): string {
  return [test.file, ...test.path].join(separator);
}

function numbered(plain: string, count: number): string {
  return count === 1 ? plain : `${plain} #${count}`;
}
