import {everyDraft, type Draft} from '../read/draft.js';
import type {DraftDependency} from './resolve.js';

/** A point of a task's life: all that it waits for is there, or all of it and of its parts is. */
interface Point {
  readonly draft: Draft;
  readonly end: boolean;
  /** Every term must have one point that can be reached. */
  readonly terms: readonly (readonly Point[])[];
}

/**
 * Puts a problem on each task that waits for itself, directly, over others, or over a part or its parent. A term with
 * alternatives is no cycle while one of them can be reached. Linear in the references.
 */
export function reportCycles(roots: readonly Draft[], dependencies: ReadonlyMap<Draft, readonly DraftDependency[]>): void {
  const points = pointsOf(roots, dependencies);
  const reached = reach(points);
  const seen = new Set<Point>();
  for (const start of points) {
    const path: Point[] = [];
    let at: Point | undefined = reached.has(start) ? undefined : start;
    while (at !== undefined && !seen.has(at)) {
      seen.add(at);
      path.push(at);
      at = at.terms.find((term) => term.length > 0 && !term.some((point) => reached.has(point)))?.[0];
    }
    const from = at === undefined ? -1 : path.indexOf(at);
    if (from !== -1) report([...new Set(path.slice(from).map(({draft}) => draft))]);
  }
}

function report(cycle: readonly Draft[]): void {
  const shown = cycle.slice(0, 12).map(({id}) => id);
  const names = [...shown, ...(cycle.length > shown.length ? ['…'] : []), shown[0] ?? ''].join(' → ');
  for (const draft of cycle) draft.problems.push({kind: 'dependency-cycle', line: draft.line, message: `the dependencies go in a circle: ${names}`});
}

function pointsOf(roots: readonly Draft[], dependencies: ReadonlyMap<Draft, readonly DraftDependency[]>): readonly Point[] {
  const all = everyDraft(roots);
  const starts = new Map(all.map((draft) => [draft, {draft, end: false, terms: [] as (readonly Point[])[]}] as const));
  const ends = new Map(all.map((draft) => [draft, {draft, end: true, terms: [] as (readonly Point[])[]}] as const));
  const at = <K, V>(map: ReadonlyMap<K, V>, keys: readonly K[]): readonly V[] => keys.flatMap((key) => map.get(key) ?? []);
  for (const draft of all) {
    const start = starts.get(draft);
    const end = ends.get(draft);
    if (start === undefined || end === undefined) continue;
    // An alternative that means several tasks waits for all of them; the first stands for it where there are others.
    for (const {anyOf} of dependencies.get(draft) ?? []) {
      const [only, ...others] = anyOf;
      if (others.length === 0) for (const one of at(ends, only ?? [])) start.terms.push([one]);
      else start.terms.push(at(ends, anyOf.flatMap((tasks) => tasks.slice(0, 1))));
    }
    if (draft.parent !== undefined) start.terms.push(at(starts, [draft.parent]));
    end.terms.push([start], ...at(ends, draft.children).map((child) => [child]));
  }
  return [...starts.values(), ...ends.values()];
}

function reach(points: readonly Point[]): ReadonlySet<Point> {
  const missing = new Map(points.map((point) => [point, point.terms.filter((term) => term.length > 0).length]));
  const waiting = new Map<Point, {readonly point: Point; readonly term: readonly Point[]}[]>();
  for (const point of points) {
    for (const term of point.terms) {
      for (const on of term) {
        const held = waiting.get(on);
        if (held === undefined) waiting.set(on, [{point, term}]);
        else held.push({point, term});
      }
    }
  }
  const met = new Set<readonly Point[]>();
  const reached = new Set(points.filter((point) => missing.get(point) === 0));
  const queue = [...reached];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const {point, term} of waiting.get(next) ?? []) {
      if (met.has(term)) continue;
      met.add(term);
      const left = (missing.get(point) ?? 0) - 1;
      missing.set(point, left);
      if (left > 0 || reached.has(point)) continue;
      reached.add(point);
      queue.push(point);
    }
  }
  return reached;
}
