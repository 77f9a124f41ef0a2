/** A moment as this machine's clocks tell it. The wall clock may jump; the time since the start of the machine does not. */
export interface Moment {
  /** The first eight digits of the kernel's boot id; undefined where there is none. */
  readonly boot: string | undefined;
  /** Seconds since that start, sleep included; undefined where the system does not say. */
  readonly uptimeS: number | undefined;
  /** Wall clock. */
  readonly at: Date;
}

/** Seven days: longer than any run, so that only what was really abandoned is ever past it; also how long quarantine lasts. */
export const lifetimeMs = 7 * 24 * 3_600_000;

/**
 * How old something is, in milliseconds, and never older than it really is as far as that can be known: on the same
 * start of the machine the smaller of what both clocks say, so that a wall clock that was set forward makes nothing old.
 * Undefined when the clocks contradict each other: it is from the future of one of them. Pure.
 */
export function ageMs(born: Moment, now: Moment): number | undefined {
  const byWall = now.at.getTime() - born.at.getTime();
  const sameBoot = born.boot !== undefined && born.boot === now.boot;
  const byUptime = sameBoot && born.uptimeS !== undefined && now.uptimeS !== undefined ? (now.uptimeS - born.uptimeS) * 1000 : byWall;
  const age = Math.min(byWall, byUptime);
  return Number.isFinite(age) && age >= 0 ? age : undefined;
}

/** A moment of which only the wall clock is known, such as that of a journal's event or of a file. Pure. */
export function wallMoment(at: Date): Moment {
  return {boot: undefined, uptimeS: undefined, at};
}

/** The text of a boot and its seconds, `0937e466 12392`, for labels; undefined where the system does not tell them. Pure. */
export function bootText({boot, uptimeS}: Moment): string | undefined {
  return boot === undefined || uptimeS === undefined ? undefined : `${boot} ${Math.floor(uptimeS)}`;
}

/** A moment out of the text of {@link bootText} and a wall clock time; a text that is none is as good as absent. Pure. */
export function parseMoment(text: string | undefined, at: Date): Moment {
  const [, boot, seconds] = /^([0-9a-f]{8}) (\d{1,12})$/.exec(text ?? '') ?? [];
  return boot === undefined ? wallMoment(at) : {boot, uptimeS: Number(seconds), at};
}
