/** A machine that finds all of many needles in one pass, one table look-up per symbol (Aho and Corasick, 1975). */
export interface Automaton {
  /** Symbols that the longest needle has; 0 when there is none. */
  readonly longest: number;
  /** Class of each UTF-16 code unit; 0 for those that no needle has. */
  readonly classes: Uint16Array;
  /** Classes, and so the length of one row of `next`. */
  readonly width: number;
  /** The state after a state and a class: `next[state * width + class]`. State 0 is the beginning. */
  readonly next: Int32Array;
  /** How many of the last symbols are the beginning of a needle, per state. */
  readonly depth: Int32Array;
  /** Index of the longest needle that ends here, per state, or -1. */
  readonly ended: Int32Array;
}

/** Makes the machine. Needles are not empty. Memory: four bytes times the symbols of all needles times the different ones among them. */
export function buildAutomaton(needles: readonly string[]): Automaton {
  const {classes, width} = classify(needles);
  const states = needles.reduce((sum, needle) => sum + needle.length, 1);
  const next = new Int32Array(states * width);
  const depth = new Int32Array(states);
  const ended = new Int32Array(states).fill(-1);
  let made = 1;
  for (const [index, needle] of needles.entries()) {
    let state = 0;
    for (let at = 0; at < needle.length; at += 1) {
      const edge = state * width + (classes[needle.charCodeAt(at)] ?? 0);
      if ((next[edge] ?? 0) === 0) {
        depth[made] = at + 1;
        next[edge] = made;
        made += 1;
      }
      state = next[edge] ?? 0;
    }
    ended[state] = index;
  }
  closeEdges({next, ended, width, states: made});
  return {longest: needles.reduce((most, needle) => Math.max(most, needle.length), 0), classes, width, next, depth, ended};
}

function classify(needles: readonly string[]): {readonly classes: Uint16Array; readonly width: number} {
  const classes = new Uint16Array(0x10000);
  let width = 1;
  for (const needle of needles) {
    for (let at = 0; at < needle.length; at += 1) {
      if (classes[needle.charCodeAt(at)] !== 0) continue;
      classes[needle.charCodeAt(at)] = width;
      width += 1;
    }
  }
  return {classes, width};
}

/** Gives every state an edge for every class: where it has none, that of the longest end of it which is a beginning too. */
function closeEdges({next, ended, width, states}: {readonly next: Int32Array; readonly ended: Int32Array; readonly width: number; readonly states: number}): void {
  const fall = new Int32Array(states);
  const queue = [0];
  for (const state of queue) {
    const fallen = fall[state] ?? 0;
    if (ended[state] === -1) ended[state] = ended[fallen] ?? -1;
    for (let edge = 1; edge < width; edge += 1) {
      const child = next[state * width + edge] ?? 0;
      const elsewhere = state === 0 ? 0 : (next[fallen * width + edge] ?? 0);
      if (child === 0) next[state * width + edge] = elsewhere;
      else {
        fall[child] = elsewhere;
        queue.push(child);
      }
    }
  }
}
