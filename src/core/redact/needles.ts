import {denseView, jsonView, percentView, seenBy} from './views.js';

/** What to look for to find one value, by the view that looks. */
export interface Needles {
  readonly plain: readonly string[];
  readonly json: readonly string[];
  readonly percent: readonly string[];
  readonly dense: readonly string[];
}

/** Shorter values are no secrets, and hiding them would spoil ordinary text. */
export const minSecretCharacters = 8;
/** Of a longer value the first part is looked for (a private key of 16,384 bits has 12,500 characters). */
const maxSecretCharacters = 16_384;
/** A line of a value of several lines is looked for by itself from this length. */
const minLineCharacters = 16;
/** What a view leaves of a value may be less than the value; below this it would be found anywhere. */
const minNeedle = 6;

/** Every form of a secret. None for a value that is too short. */
export function needlesOf(value: string): Needles {
  const parts = partsOf(value);
  return {
    plain: distinct(parts.flatMap(spellings)),
    json: distinct(parts.map((part) => seenBy(jsonView, part))),
    percent: distinct(parts.map((part) => seenBy(percentView, ascii(part)))),
    dense: distinct(parts.flatMap((part) => encodings(Buffer.from(part)))),
  };
}

function partsOf(value: string): readonly string[] {
  const whole = value.trim().slice(0, maxSecretCharacters);
  if (whole.length < minSecretCharacters) return [];
  const lines = whole.split(/\r?\n|\\n/).map((line) => line.trim());
  const own = lines.length === 1 ? [] : lines.filter((line) => line.length >= minLineCharacters && !/^-----(BEGIN|END) /.test(line));
  return [whole, ...own];
}

/** As it is, and as JSON and URLs spell it at first hand: what stands before it can then not be taken for a part of it. */
function spellings(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const well = Buffer.from(value).toString('utf8');
  return [value, json, json.replaceAll('/', '\\/'), encodeURIComponent(well), encodeURI(well)];
}

/** Characters that are not ASCII as URLs have them. */
function ascii(value: string): string {
  return Buffer.from(value).toString('utf8').replace(/[^\0-\x7f]+/g, encodeURIComponent);
}

/** Hex, and base64 at each of the three places where a value may begin within a group, without the characters that its neighbours decide too. */
function encodings(bytes: Buffer): readonly string[] {
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [hex, hex.toUpperCase(), ...base64].map((text) => seenBy(denseView, text));
}

function distinct(needles: readonly string[]): readonly string[] {
  return [...new Set(needles)].filter((needle) => needle.length >= minNeedle);
}
