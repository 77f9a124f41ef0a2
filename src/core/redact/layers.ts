import {buildAutomaton, type Automaton} from './automaton.js';
import {needlesOf, type Needles} from './needles.js';
import {denseView, escapedDenseView, jsonView, nothing, percentView, plainView, unclear, type View} from './views.js';

/** A secret and what it is called. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** One view with its needles. */
export interface Layer {
  readonly view: View;
  readonly needles: readonly string[];
  readonly names: readonly string[];
  readonly automaton: Automaton;
  /** Class of each code unit's symbol, or one of the two marks {@link skipped} and {@link toRead}. */
  readonly table: Uint16Array;
  /** Whether it could see anything that the layers before it do not. */
  readonly concerns: (text: string) => boolean;
}

/** In a table: what stands there does not count. */
export const skipped = 0xffff;
/** In a table: only the view can tell. */
export const toRead = 0xfffe;

/** The layers for all forms of all secrets; those that would see nothing are left out. */
export function buildLayers(secrets: readonly Secret[]): readonly Layer[] {
  const all = secrets.map(({name, value}) => ({name, needles: needlesOf(value)}));
  const of = (kind: keyof Needles): ReadonlyMap<string, string> => new Map(all.flatMap(({name, needles}) => needles[kind].map((needle) => [needle, name])));
  const escapes = (text: string): boolean => text.includes('\\');
  const percents = (text: string): boolean => text.includes('%') || text.includes('+');
  const dense = machine(of('dense'));
  const layers = [
    layer(machine(of('plain')), plainView, () => true),
    layer(dense, denseView, () => true),
    layer(dense, escapedDenseView, (text) => escapes(text) || text.includes('%')),
    layer(machine(of('json')), jsonView, escapes),
    layer(machine(of('percent')), percentView, percents),
  ];
  return layers.filter(({automaton}) => automaton.longest > 0);
}

type Machine = Pick<Layer, 'needles' | 'names' | 'automaton'>;

function machine(named: ReadonlyMap<string, string>): Machine {
  const needles = [...named.keys()];
  return {needles, names: [...named.values()], automaton: buildAutomaton(needles)};
}

function layer(made: Machine, view: View, concerns: Layer['concerns']): Layer {
  const {classes} = made.automaton;
  const table = classes.slice();
  for (let code = 0; code < 0x80; code += 1) {
    const symbol = view.symbol(code);
    table[code] = symbol === nothing ? skipped : symbol === unclear ? toRead : (classes[symbol] ?? 0);
  }
  return {...made, view, table, concerns};
}
