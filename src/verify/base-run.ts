import {canonicalJson, sha256} from '../core/canonical.js';
import {foldersOf} from '../core/path.js';
import type {TreeReader} from '../core/tree.js';
import type {SuiteRunner} from './runners/runner.js';
import {SuiteRun} from './tests/results.js';
import {runSuite, type SuiteBench} from './tests/suite.js';
import {baseTree} from './trees.js';

/** Results of base suites, kept between verifications by whoever runs them. What it gives back is parsed, never trusted. */
export interface BaseCache {
  get(key: string): Promise<unknown>;
  set(key: string, value: SuiteRun): Promise<void>;
}

/** What {@link runBase} works with. */
export interface BaseRunInput {
  readonly base: TreeReader;
  readonly runner: SuiteRunner;
  readonly bench: SuiteBench;
  /** Prefix of volume and container. */
  readonly namePrefix: string;
  readonly baseCache?: BaseCache | undefined;
  readonly layers?: {readonly base: readonly string[]} | undefined;
}

/**
 * The suite on the base as it is. Test files that the command names and the work is still to bring are left out; when
 * nothing else is named, there is nothing to run. Only a run that ended in order is kept: another may end otherwise the
 * next time. Throws the engine's AppErrors.
 */
export async function runBase({base, runner, bench, namePrefix, baseCache, layers: {base: layers} = {base: []}}: BaseRunInput, signal: AbortSignal): Promise<SuiteRun> {
  const paths = (await base.list(signal)).flatMap((file) => [file.path, ...foldersOf(file.path)]);
  const places = presentPlaces(runner.places, new Set(paths));
  if (places.length === 0 && runner.places.length > 0) return {end: 'complete', exitCode: 0, detail: 'The base has nothing of what the command names.', tests: [], cut: []};
  const only = places.length === runner.places.length ? undefined : places;
  const key = sha256(
    canonicalJson({
      form: 4,
      reader: [runner.name, ...runner.promised],
      tree: base.tree,
      image: bench.image.id,
      argv: runner.argv(only),
      env: runner.env,
      limits: bench.limits,
      timeoutMs: bench.timeoutMs,
      ...(layers.length === 0 ? {} : {layers}),
      harness: bench.harness.map((file) => [file.path, sha256(file.bytes)]),
    }),
  );
  const known = SuiteRun.safeParse(await baseCache?.get(key));
  if (known.success && known.data.end === 'complete') return known.data;
  const run = await runSuite(bench, {name: `${namePrefix}-base`, files: baseTree(base, signal), runner, only, layers}, signal);
  if (run.end === 'complete') await baseCache?.set(key, run);
  return run;
}

/** Places that the base has, and patterns, which may find nothing without being an error. */
function presentPlaces(places: readonly string[], there: ReadonlySet<string>): readonly string[] {
  return places.filter((place) => {
    const path = (place.split('::', 1)[0] ?? place).replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
    return path === '' || path === '.' || path.startsWith('/') || path.split('/').includes('..') || /[*?[\]{}()!]/.test(path) || there.has(path);
  });
}
