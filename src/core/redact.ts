import {makeFinder, type Finder, type Place} from './redact/finder.js';
import type {Secret} from './redact/layers.js';
import {hideShapes, openTokenAt, restOfTokenEnd} from './redact/shapes.js';

export type {Secret} from './redact/layers.js';

/** How thoroughly to look: for the values that are known, or for what looks like a token as well. */
export type Redaction = 'text' | 'exact';

/**
 * Takes secrets out of what is going to be written or shown. A known value becomes `[secret NAME]`, what only looks
 * like a token `[secret]`; line breaks within one stay, so that the lines behind it keep their numbers. To redact twice
 * gives the same as once. It is no defence against someone who knows a secret and wants it out: it finds the spellings
 * that programs give to a value, not those that could be invented. Values of fewer than 8 characters are not looked for.
 */
export interface Redactor {
  /** Known values in every spelling (as they are, in JSON, URLs, base64, hex; lines of 16 characters or more also by themselves), and token shapes. */
  text(value: string): string;
  /** Known values alone: for what must go on unchanged otherwise, such as a model's own tool calls. */
  exact(value: string): string;
  /**
   * Every string and object key of a JSON value. A string that is a git id or a digest as a whole (40 or 64 hex digits,
   * `sha256:…`) stays, since a run goes by it, unless it is a known value as a whole.
   */
  value<T>(value: T, how: Redaction): T;
  /** Both sides of a cut, as {@link text}; what may be one part of a secret beside the cut is taken away too. */
  cut(piece: {readonly head: string; readonly tail: string}): {readonly head: string; readonly tail: string};
  /** The name of the first known value in a text, as messages may tell it; undefined when there is none. */
  find(value: string): string | undefined;
}

/** Makes a redactor. Of two names for one value, the last one is told. */
export function makeRedactor(secrets: readonly Secret[]): Redactor {
  const finder = makeFinder(secrets.map(({name, value}) => ({name: shortName(name), value})));
  const whole = new Set(secrets.map(({value}) => value.trim().toLowerCase()));
  const exact = (value: string): string => replaced(value, placesIn(finder, value), {from: 0, to: value.length});
  const text = (value: string): string => hideShapes(exact(value));
  const hide = {text, exact};
  return {
    ...hide,
    value: <T>(value: T, how: Redaction): T => inside(value, (one) => (isId(one) && !whole.has(one.toLowerCase()) ? one : hide[how](one))) as T,
    cut({head, tail}) {
      const to = Math.min(finder.openEnd(head), openTokenAt(head));
      const from = Math.max(finder.openStart(tail), restOfTokenEnd(tail));
      return {
        head: hideShapes(replaced(head, placesIn(finder, head), {from: 0, to})),
        tail: hideShapes(replaced(tail, placesIn(finder, tail), {from, to: tail.length})),
      };
    },
    find: (value) => placesIn(finder, value)[0]?.name,
  };
}

/** So that a name is told and not spelled out. */
const maxNameCharacters = 40;

function shortName(name: string): string {
  return name.replace(/[^\w.-]/g, '_').slice(0, maxNameCharacters) || 'unnamed';
}

const marker = /\[secret(?: [\w.-]{1,40})?\]/g;

/** Without those in what an earlier redaction has put there: a value may be as its name. */
function placesIn(finder: Finder, text: string): readonly Place[] {
  const places = finder.places(text);
  if (places.length === 0 || !text.includes('[secret')) return places;
  const markers = [...text.matchAll(marker)].map(({index, 0: mark}) => ({start: index, end: index + mark.length}));
  let next = 0;
  return places.filter((place) => {
    while ((markers[next]?.end ?? Infinity) < place.end) next += 1;
    const mark = markers[next];
    return mark === undefined || place.start < mark.start;
  });
}

/** A text with its places replaced; what is not between `from` and `to` and in no place is left out. */
function replaced(text: string, places: readonly Place[], {from, to}: {readonly from: number; readonly to: number}): string {
  let result = '';
  let at = 0;
  for (const place of places) {
    result += `${text.slice(Math.max(at, from), Math.min(place.start, to))}[secret ${place.name}]${text.slice(place.start, place.end).replace(/[^\n]+/g, '')}`;
    at = place.end;
  }
  return result + text.slice(Math.max(at, from), to);
}

/** Whole git ids (SHA-1, SHA-256) and digests of images. */
function isId(text: string): boolean {
  return /^(?:sha256:)?(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(text);
}

function inside(value: unknown, hide: (text: string) => string): unknown {
  if (typeof value === 'string') return hide(value);
  if (Array.isArray(value)) return value.map((item) => inside(item, hide));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [hide(key), inside(member, hide)]));
}
