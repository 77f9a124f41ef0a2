import type {ContextItem, ContextPackage} from './package.js';

/** How well a package fitted the work that was done with it. All from 0 to 1 but where said. */
export interface ContextMeasure {
  /** Used part of the budget. */
  readonly utilisation: number;
  /** Part of the files that the work changed (and that were there before) which the package told, an outline included. */
  readonly hits: number;
  /** The same, where only what was told word for word counts. */
  readonly wordForWord: number;
  /** Part of the package's tokens that went to files which the work neither opened nor changed; shared ones do not count. */
  readonly waste: number;
}

/** As much of a package as its measure needs. */
export interface MeasuredPackage extends Pick<ContextPackage, 'budget' | 'tokens'> {
  readonly items: readonly Pick<ContextItem, 'path' | 'section' | 'form' | 'tokens'>[];
}

/** Measures a package by what its specialist did: paths that it opened, and paths that its submission changed. */
export function measureContext({budget, tokens, items}: MeasuredPackage, done: {readonly opened: readonly string[]; readonly changed: readonly string[]}): ContextMeasure {
  const told = new Map(items.map((item) => [item.path, item.form]));
  const used = new Set([...done.opened, ...done.changed]);
  const wasted = items.filter(({path, section}) => section !== 'shared' && !used.has(path)).reduce((sum, item) => sum + item.tokens, 0);
  const changed = [...new Set(done.changed)];
  const part = (count: number): number => (changed.length === 0 ? 1 : count / changed.length);
  return {
    utilisation: budget === 0 ? 0 : tokens / budget,
    hits: part(changed.filter((path) => told.has(path) && told.get(path) !== 'name').length),
    wordForWord: part(changed.filter((path) => told.get(path) === 'whole' || told.get(path) === 'excerpt').length),
    waste: tokens === 0 ? 0 : wasted / tokens,
  };
}
