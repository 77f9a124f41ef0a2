/** Keeps what was worked out, the least recently used out first. */
export interface Memory<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/** How much a memory holds. */
export interface MemoryLimits<T> {
  readonly maxEntries: number;
  /** Sum of the weights of all values; none: only their number counts. */
  readonly maxWeight?: number | undefined;
  readonly weigh?: ((value: T) => number) | undefined;
}

/** A memory within limits; a value that alone is too heavy is not kept, and drops no other. Keys are ids of content, so that no value becomes wrong. */
export function startMemory<T>({maxEntries, maxWeight = Infinity, weigh = () => 0}: MemoryLimits<T>): Memory<T> {
  const values = new Map<string, T>();
  let weight = 0;
  const drop = (key: string): void => {
    const value = values.get(key);
    if (value !== undefined) weight -= weigh(value);
    values.delete(key);
  };
  return {
    get(key) {
      const value = values.get(key);
      if (value === undefined) return undefined;
      values.delete(key);
      values.set(key, value);
      return value;
    },
    set(key, value) {
      drop(key);
      const more = weigh(value);
      if (more > maxWeight) return;
      values.set(key, value);
      weight += more;
      for (const oldest of values.keys()) {
        if (values.size <= maxEntries && weight <= maxWeight) return;
        drop(oldest);
      }
    },
  };
}
