/** Scores of files by their place in the survey. */
export interface Scores {
  readonly values: Float64Array;
  /** Adds to the file of a path; a path that is not surveyed is passed over. */
  add(path: string, more: number): void;
  /** Places of the best files with a score, best first, of one score the first by place. */
  best(most: number): readonly number[];
}

/** Starts from given scores. `placeOf` gives a path's place. */
export function startScores(values: Float64Array, placeOf: (path: string) => number | undefined): Scores {
  return {
    values,
    add(path, more) {
      const place = placeOf(path);
      if (place !== undefined) values[place] = (values[place] ?? 0) + more;
    },
    best: (most) => bestPlaces(values, most),
  };
}

/** Steps into which scores are counted to find the least of the best. */
const steps = 2048;

/** Sorts only what can be among the best: sorting a large repository for eight files would cost more than all the rest. */
function bestPlaces(values: Float64Array, most: number): readonly number[] {
  let top = 0;
  for (let place = 0; place < values.length; place += 1) top = Math.max(top, values[place] ?? 0);
  if (top === 0) return [];
  const least = leastStep(values, top, most);
  const places: number[] = [];
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place] ?? 0;
    if (value > 0 && stepOf(value, top) >= least) places.push(place);
  }
  return places.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b).slice(0, most);
}

/** The highest step from which on there are enough values, or 0. */
function leastStep(values: Float64Array, top: number, most: number): number {
  const counts = new Uint32Array(steps);
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place] ?? 0;
    if (value > 0) counts[stepOf(value, top)] = (counts[stepOf(value, top)] ?? 0) + 1;
  }
  let count = 0;
  for (let step = steps - 1; step > 0; step -= 1) {
    count += counts[step] ?? 0;
    if (count >= most) return step;
  }
  return 0;
}

function stepOf(value: number, top: number): number {
  return Math.min(steps - 1, Math.floor((value / top) * steps));
}
