import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {fingerprint, isDelivery, leftoversOf} from '../../e2e/fixture.js';
import {git} from './machine/tool.js';
import type {EndedRun, Outcome} from './outcome.js';
import type {Site} from './site.js';

/** What was known at a moment when a run had been stopped and nobody drove it. */
export interface Stopped {
  /** Steps whose outcome was durable. */
  readonly finished: ReadonlySet<string>;
  /** How many requests had reached the model. */
  readonly requests: number;
  /** How many events the journal had. */
  readonly events: number;
  readonly closed: boolean;
}

/** What a disturbed run is held against. */
export interface Expected {
  readonly reference: Outcome;
  /** Every time that it was stopped, in order. */
  readonly stops: readonly Stopped[];
}

/** What differs between a disturbed run and the undisturbed one, and what it should not have left; empty when it holds. */
export async function differences(site: Site, ended: EndedRun, {reference, stops}: Expected): Promise<readonly string[]> {
  return [
    ...sameOutcome(ended, reference),
    ...oneOutcomeEach(ended),
    ...askedOnce(site, ended, stops),
    ...(ended.branches.length === 1 ? [] : [`there are ${ended.branches.length} result branches: ${ended.branches.join(', ')}`]),
    ...((await fingerprint(site.project.directory, isDelivery)) === site.before ? [] : ['the checkout is not as it was']),
    ...(await leftoversOf(ended.runId, site.socket)).map((name) => `left on the engine: ${name}`),
    ...(await leftFiles(site)).map((path) => `left on the disk: ${path}`),
    ...(await unsound(ended)),
  ];
}

function sameOutcome(ended: Outcome, reference: Outcome): readonly string[] {
  const parts = ['verdict', 'rounds', 'tree', 'result', 'submissions', 'steps'] as const satisfies readonly (keyof Outcome)[];
  return parts.flatMap((part) => {
    const [seen, wanted] = [[ended[part]].flat(), [reference[part]].flat()];
    if (JSON.stringify(seen) === JSON.stringify(wanted)) return [];
    return [`${part}: ${changes(wanted, seen).join('; ') || 'another order'}`];
  });
}

function changes(wanted: readonly string[], seen: readonly string[]): readonly string[] {
  return [...wanted.filter((one) => !seen.includes(one)).map((one) => `missing ${one}`), ...seen.filter((one) => !wanted.includes(one)).map((one) => `new ${one}`)];
}

function oneOutcomeEach({events}: EndedRun): readonly string[] {
  const outcomes = events.flatMap((event) => (event.type === 'step.finished' ? [event.step] : []));
  return outcomes.filter((step, index) => outcomes.indexOf(step) !== index).map((step) => `the step ${step} has two outcomes`);
}

/**
 * A turn that had come back is never asked for again; one that was under way once more after each stop, for nobody can
 * know what became of it, and that is told.
 */
function askedOnce({requests}: Site, {events}: EndedRun, stops: readonly Stopped[]): readonly string[] {
  const names = requests.map((one) => `turn/${one.specialist}/${one.turn}`);
  const again = stops.flatMap((stopped) => names.slice(stopped.requests).filter((name) => stopped.finished.has(name)));
  const times = (name: string): number => names.filter((one) => one === name).length;
  const told = new Set(events.flatMap((event) => (event.type === 'effect.unknown' ? [event.step] : [])));
  return [...new Set(names)].flatMap((name) => [
    ...(again.includes(name) ? [`${name} was asked for again`] : []),
    ...(times(name) > 1 + stops.length ? [`${name} was asked for ${times(name)} times`] : []),
    ...(times(name) > 1 && !told.has(name) ? [`${name} was asked for ${times(name)} times, and the journal does not tell`] : []),
  ]);
}

/** Locks, drafts and half-written things, by the names that Bulkhead and git give them. */
const unfinished = /^(lock|.*\.lock|.*draft.*|.*\.stale-.*|staging-.*|.*\.new-.*|tmp_.*|.*\.tmp|.*\.\d+)$/;

async function leftFiles({stateHome, project}: Site): Promise<readonly string[]> {
  const state = (await readdir(stateHome, {recursive: true}).catch(() => [])).filter((path) => unfinished.test(path.split('/').at(-1) ?? ''));
  const temporary = await readdir(join(project.home, 'tmp'));
  return [...state, ...temporary.map((name) => `tmp/${name}`)].sort();
}

async function unsound({repository}: EndedRun): Promise<readonly string[]> {
  return git(repository, 'fsck', '--full', '--strict', '--no-dangling', '--no-progress').then(
    () => [],
    (error: unknown) => [`git fsck: ${String(error).slice(0, 500)}`],
  );
}
