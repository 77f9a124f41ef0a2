/** What becomes of a key: it holds in a run, it has no effect in this version, or it asks for what a repository's file may not have. */
export type Effect = 'used' | 'not-used' | 'refused';

/** A setting of Bulkhead that a key narrows, by its dotted name in the effective configuration. */
export interface Narrowed {
  readonly setting: string;
  readonly value: number | string;
}

/** What is said of one value. */
export interface Judgement {
  readonly effect: Effect;
  /** One sentence without a full stop. */
  readonly why: string;
  readonly sets?: readonly Narrowed[];
}

/** Judges the value of one known key. Total: any value that YAML can hold gets an answer. */
export type Rule = (value: unknown) => Judgement;

/** A key that means something to others and nothing here. */
export function unused(why: string): Rule {
  return () => ({effect: 'not-used', why});
}

/** A switch of something that a repository's file cannot switch off. */
export function alwaysOn({on, off}: {readonly on: string; readonly off: string}): Rule {
  return boolean((value) => (value ? {effect: 'used', why: on} : {effect: 'refused', why: off}));
}

/** A switch between working side by side and one after the other; it can only narrow. */
export function parallel(side: boolean): Rule {
  return boolean((value) => (value === side ? {effect: 'used', why: 'specialists may work side by side'} : oneAfterTheOther));
}

/** What every form of the sequential fallback comes to. */
export const oneAfterTheOther: Judgement = {effect: 'used', why: 'one box at a time', sets: [{setting: 'maxParallel', value: 1}]};

/** A whole number that may lower a setting. `most` is what holds without it: a repository's file cannot raise that. */
export function atMost(setting: string, {most, least, unit, scale = 1}: {readonly most: number; readonly least: number; readonly unit: string; readonly scale?: number}): Rule {
  return (value) => {
    if (!isWhole(value) || value * scale < least) return {effect: 'refused', why: `must be a whole number of ${unit}, at least ${least / scale}`};
    if (value * scale > most) return {effect: 'refused', why: `a repository's file can only lower \`${setting}\`: without it ${most / scale} ${unit} hold; a person may set more`};
    return {effect: 'used', why: `\`${setting}\`: at most ${value} ${unit}`, sets: [{setting, value: value * scale}]};
  };
}

/** One of some words. */
export function oneOf(words: Readonly<Record<string, Judgement>>): Rule {
  return (value) => {
    const found = typeof value === 'string' && Object.hasOwn(words, value) ? words[value] : undefined;
    return found ?? {effect: 'refused', why: `must be one of ${Object.keys(words).join(', ')}`};
  };
}

/** Judges true and false; anything else is refused. */
export function boolean(judge: (value: boolean) => Judgement): Rule {
  return (value) => (typeof value === 'boolean' ? judge(value) : {effect: 'refused', why: 'must be true or false'});
}

/** Whether a value is a whole number of ordinary size. */
export function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
