import {buildLayers, skipped, toRead, type Layer, type Secret} from './layers.js';
import {nothing, unclear} from './views.js';

/** Where a secret stands in a text: from `start` to before `end`, in UTF-16 code units. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

/** Finds secrets in all their forms. Time grows with the length of the text alone. */
export interface Finder {
  /** Where there is one, in order; places that touch each other's characters are one. */
  places(text: string): readonly Place[];
  /** Where an end begins that may be the first part of a secret; the length of the text when there is none. */
  openEnd(text: string): number;
  /** Where a beginning ends that may be the last part of a secret; 0 when there is none. */
  openStart(text: string): number;
}

/** Makes a finder; its tables are built with the first text. */
export function makeFinder(secrets: readonly Secret[]): Finder {
  let built: readonly Layer[] | undefined;
  const layersOf = (): readonly Layer[] => (built ??= buildLayers(secrets));
  return {
    places(text) {
      const found: Place[] = [];
      for (const layer of layersOf()) if (layer.concerns(text)) scan(layer, text, (place) => found.push(place));
      return joined(found);
    },
    openEnd(text) {
      const ends = layersOf().flatMap((layer) => [openEnd(layer, text), openEnd(layer, text.replace(halfEscape, ''))]);
      return Math.min(text.length, ...ends);
    },
    openStart: (text) => Math.max(0, ...layersOf().map((layer) => openStart(layer, text))),
  };
}

/** Half an escape hides from its view what stands before it; a character whose bytes were cut in two is no part of anything. */
const halfEscape = /(?:%[0-9a-f]?|\\{1,8}(?:u[0-9a-f]{0,3})?|\ufffd)$/i;

function openEnd(layer: Layer, text: string): number {
  const open = scan(layer, text, () => undefined);
  return open === text.length ? Infinity : open;
}

/** Tells every place, and gives where the longest end begins that is the beginning of a needle (the end of the text: none). */
function scan({automaton, view, table, names, needles}: Layer, text: string, tell: (place: Place) => void): number {
  const {next, width, depth, ended, classes} = automaton;
  // Where each of the last symbols stood, as many as the longest needle has: a ring.
  const mask = 2 ** Math.ceil(Math.log2(automaton.longest + 1)) - 1;
  const stood = new Int32Array(mask + 1);
  let state = 0;
  let count = 0;
  for (let at = 0, length = 1; at < text.length; at += length) {
    let kind = table[text.charCodeAt(at)] ?? 0;
    length = 1;
    if (kind === toRead) {
      const reading = view.read(text, at);
      length = reading.length;
      kind = reading.symbol === nothing ? skipped : (classes[reading.symbol] ?? 0);
    }
    if (kind === skipped) continue;
    stood[count & mask] = at;
    count += 1;
    state = next[state * width + kind] ?? 0;
    const index = ended[state] ?? -1;
    if (index !== -1) tell({start: stood[(count - (needles[index] ?? '').length) & mask] ?? 0, end: at + length, name: names[index] ?? ''});
  }
  return state === 0 ? text.length : (stood[(count - (depth[state] ?? 0)) & mask] ?? text.length);
}

/** Half an escape at the beginning is at most this long: `u0041` without its backslash. */
const maxHalfEscape = 5;
/** Behind half an escape, fewer symbols than this are left: they tell nothing. */
const minAfterEscape = 4;

function openStart(layer: Layer, text: string): number {
  let open = endOfNeedle(layer, text, {from: 0, atLeast: 1});
  for (let from = 1; from <= maxHalfEscape && /[\\%unrtx0-9a-f]/i.test(text.charAt(from - 1)); from += 1) {
    open = Math.max(open, endOfNeedle(layer, text, {from, atLeast: minAfterEscape}));
  }
  return open;
}

/** Where the longest text ends that begins at `from` and is the end of a needle; 0 when there is none. */
function endOfNeedle({view, needles, automaton}: Layer, text: string, {from, atLeast}: {readonly from: number; readonly atLeast: number}): number {
  const ends: number[] = [];
  let seen = '';
  for (let at = from; at < text.length && ends.length < automaton.longest; ) {
    const symbol = view.symbol(text.charCodeAt(at));
    const reading = symbol === unclear ? view.read(text, at) : {symbol, length: 1};
    at += reading.length;
    if (reading.symbol === nothing) continue;
    seen += String.fromCharCode(reading.symbol);
    ends.push(at);
  }
  let longest = 0;
  for (const needle of needles) {
    for (let start = Math.max(0, needle.length - seen.length); start < needle.length - longest; start += 1) {
      if (needle.charCodeAt(start) === seen.charCodeAt(0) && seen.startsWith(needle.slice(start))) longest = needle.length - start;
    }
  }
  return longest < atLeast ? 0 : (ends[longest - 1] ?? 0);
}

function joined(places: readonly Place[]): readonly Place[] {
  const joint: Place[] = [];
  for (const place of [...places].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = joint.at(-1);
    if (last === undefined || place.start >= last.end) joint.push(place);
    else if (place.end > last.end) joint.splice(-1, 1, {...last, end: place.end});
  }
  return joint;
}
