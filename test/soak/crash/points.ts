import {sha256} from '../../../src/core/canonical.js';

/** When something happens to a run: as soon as its journal has that many events, or after that part of the time that an undisturbed run takes. */
export type Moment = {readonly events: number} | {readonly part: number};

/** What happens to a run at one point. */
export type Point =
  | {readonly kind: 'kill'; readonly at: Moment}
  | {readonly kind: 'engine'; readonly at: Moment; readonly containers: 'die' | 'live on'; readonly back: 'soon' | 'after the run'}
  | {readonly kind: 'disk'; readonly at: Moment}
  | {readonly kind: 'power'; readonly at: Moment};

/** The kinds of points, in the order of the table. */
export const kinds = ['kill', 'engine', 'disk', 'power'] as const satisfies readonly Point['kind'][];

/** Numbers from 0 to 1 that depend on nothing but the seed. */
export function seededRandom(seed: number): () => number {
  let drawn = 0;
  return () => Number.parseInt(sha256(`${seed} ${drawn++}`).slice(0, 12), 16) / 16 ** 12;
}

/** Fewest kill points, and fewest of them at random moments. */
const leastKills = 200;
const leastMoments = 80;
const engineKills = 20;
const fullDisks = 5;
const powerCuts = 20;

/** The whole table for a run whose undisturbed journal has that many events: a kill after each one, and the rest at seeded moments. */
export function allPoints(events: number, seed: number): readonly Point[] {
  const random = seededRandom(seed);
  const part = (): Moment => ({part: Number(random().toFixed(4))});
  const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({length: count}, (_, index) => make(index));
  return [
    ...many(events, (index): Point => ({kind: 'kill', at: {events: index + 1}})),
    ...many(Math.max(leastKills - events, leastMoments), (): Point => ({kind: 'kill', at: part()})),
    ...many(engineKills, (index): Point => ({kind: 'engine', at: part(), containers: index % 2 === 0 ? 'die' : 'live on', back: index % 4 < 2 ? 'soon' : 'after the run'})),
    // The last events need so little space that they may fit into a full disk.
    ...many(fullDisks, (index): Point => ({kind: 'disk', at: {events: 1 + Math.floor(((index + random()) / fullDisks) * events * 0.9)}})),
    ...many(powerCuts, (): Point => ({kind: 'power', at: part()})),
  ];
}

/** That many of the points, chosen by the seed. */
export function samplePoints(points: readonly Point[], count: number, seed: number): readonly Point[] {
  const random = seededRandom(seed);
  const drawn = points.map((point) => ({point, rank: random()})).sort((a, b) => a.rank - b.rank);
  const chosen = new Set(drawn.slice(0, count).map((one) => one.point));
  return points.filter((point) => chosen.has(point));
}

/** A point in words; the same for the same table, so that a soak can be continued. */
export function pointName(point: Point): string {
  const at = 'events' in point.at ? `after event ${point.at.events}` : `at ${(point.at.part * 100).toFixed(2)} % of the time`;
  return point.kind === 'engine' ? `${at}, containers ${point.containers}, back ${point.back}` : at;
}
