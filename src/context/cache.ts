import type {Outline} from '../code/outline-types.js';
import {startMemory, type Memory, type MemoryLimits} from '../code/remember.js';
import type {Terms} from '../code/terms.js';
import type {PastCommit} from '../core/history.js';
import type {ContextPackage} from './package.js';
import type {Segment} from './forms/segments.js';
import type {Listing} from './read/survey.js';

/** What is kept, by kind. All but packages is keyed by the id of a content, so that it never becomes wrong. */
export interface CachedKinds {
  /** By the hash of everything that a package depends on. */
  readonly package: ContextPackage;
  /** Words, by blob. */
  readonly terms: Terms;
  /** Outline, by blob and grammar. */
  readonly outline: Outline;
  /** Segments with their words, by blob and grammar. */
  readonly segments: readonly Segment[];
  /** Text, by blob. */
  readonly text: string;
  /** By id of the tree. */
  readonly listing: Listing;
  /** By id of the commit. */
  readonly commit: {readonly commit: PastCommit; readonly terms: Terms};
}

/** Keeps what was worked out for the next package. A value that is not there is worked out again: nothing depends on it. */
export interface ContextCache {
  get<K extends keyof CachedKinds>(kind: K, key: string): CachedKinds[K] | undefined;
  set<K extends keyof CachedKinds>(kind: K, key: string, value: CachedKinds[K]): void;
  /** Id of the tree that was listed last: what a new listing is made from. */
  lastTree: string | undefined;
  /** How often a package was there, and was not. */
  readonly count: {readonly hits: number; readonly misses: number};
}

/** The guide's `performance_tuning.context_optimization`, as far as it is about the cache. */
export interface CacheSettings {
  /** `cache_size`: packages that are kept. */
  readonly packages: number;
  /** `refresh_interval`: seconds after which a package is made again even if nothing changed. */
  readonly refreshSeconds: number;
}

/** The guide's numbers. */
export const cacheDefaults: CacheSettings = {packages: 1000, refreshSeconds: 300};

const kib = 1024;
const mib = kib * kib;

/** A cache in the memory of this process, about 300 MiB at most, for one repository: what it lists next is read as a change of what it listed last. `now` gives milliseconds. */
export function startContextCache(settings: CacheSettings = cacheDefaults, now: () => number = () => performance.now()): ContextCache {
  const packages = startMemory<{readonly value: ContextPackage; readonly made: number}>({maxEntries: settings.packages, maxWeight: 64 * mib, weigh: ({value}) => value.tokens * 8});
  const others: {readonly [K in KeptKind]: Memory<CachedKinds[K]>} = {
    terms: memory({maxEntries: 50_000, maxWeight: 64 * mib, weigh: ({hashes}) => hashes.length * 6}),
    outline: memory({maxEntries: 5000, maxWeight: 32 * mib, weigh: ({symbols}) => symbols.length * 300}),
    segments: memory({maxEntries: 2000, maxWeight: 32 * mib, weigh: (segments) => segments.reduce((sum, {terms}) => sum + terms.hashes.length * 6 + 200, 0)}),
    text: memory({maxEntries: 5000, maxWeight: 64 * mib, weigh: (text) => text.length * 2}),
    listing: memory({maxEntries: 3}),
    commit: memory({maxEntries: 5000, maxWeight: 16 * mib, weigh: ({commit, terms}) => commit.message.length * 2 + commit.paths.length * 100 + terms.hashes.length * 6}),
  };
  const memoryOf = (kind: KeptKind): Memory<unknown> => others[kind];
  const count = {hits: 0, misses: 0};
  return {
    count,
    lastTree: undefined,
    get<K extends keyof CachedKinds>(kind: K, key: string): CachedKinds[K] | undefined {
      if (kind !== 'package') return memoryOf(kind).get(key) as CachedKinds[K] | undefined;
      const kept = packages.get(key);
      const fresh = kept !== undefined && now() - kept.made <= settings.refreshSeconds * 1000;
      count[fresh ? 'hits' : 'misses'] += 1;
      return fresh ? (kept.value as CachedKinds[K]) : undefined;
    },
    set(kind, key, value) {
      if (kind === 'package') packages.set(key, {value: value as ContextPackage, made: now()});
      else memoryOf(kind).set(key, value);
    },
  };
}

/** The memories, when only the name of the kind is known. */
type KeptKind = Exclude<keyof CachedKinds, 'package'>;

function memory<T>(limits: MemoryLimits<T>): Memory<T> {
  return startMemory(limits);
}
