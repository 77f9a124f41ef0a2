import {diskDefaults, type BoxLimits, type DiskLimit, type DiskUse} from '../core/sandbox.js';

/** What a file system says of itself at one moment. */
export interface DiskLook {
  readonly free: DiskUse;
  /** What is free for everybody, without what is kept back for root. */
  readonly available: DiskUse;
  /** `inodes` is 0 where the file system has no such number (btrfs). */
  readonly total: DiskUse;
}

/** What is known of one box: what was counted, and what vanished from the whole file system since. Everything in it is at least 0. */
export interface Budget {
  readonly cap: DiskUse;
  readonly counted: DiskUse;
  readonly vanished: DiskUse;
}

const none: DiskUse = {bytes: 0, inodes: 0};
const mebibyte = 1024 * 1024;

/** The limits of a box in the units of a count. */
export function capOf({diskMiB = diskDefaults.diskMiB, inodes = diskDefaults.inodes}: Partial<BoxLimits>): DiskUse {
  return {bytes: diskMiB * mebibyte, inodes};
}

/** A box of which nothing was counted yet: half of its cap is taken for used, because looking begins a moment after the box. */
export function newBudget(cap: DiskUse): Budget {
  return {cap, counted: mapUse(cap, (value) => value / 2), vanished: none};
}

/** The least that a file and its name take where a file system does not count files (btrfs: an inode item of 160 bytes, three names). */
const bytesPerFile = 512;

/**
 * Adds what vanished between two looks. What comes back is never taken off: else one who deletes would hide another one who
 * writes. So a box cannot have written more since its last count than this says, but for what others gave back in the very same moment.
 */
export function afterLook(budget: Budget, before: DiskLook, now: DiskLook): Budget {
  const lost = (of: keyof DiskUse): number => Math.max(0, before.free[of] - now.free[of]);
  const inodes = now.total.inodes === 0 ? lost('bytes') / bytesPerFile : lost('inodes');
  return {...budget, vanished: {bytes: budget.vanished.bytes + lost('bytes'), inodes: budget.vanished.inodes + inodes}};
}

/** Part of its cap that a box may go over before it is counted again: the price of not counting without end near the cap. */
const slack = 1 / 8;

/** Whether the box may be over its cap: only then it is worth a count. */
export function needsCount({cap, counted, vanished}: Budget): boolean {
  const over = (of: keyof DiskUse): boolean => vanished[of] >= Math.max(cap[of] - counted[of], cap[of] * slack);
  return over('bytes') || over('inodes');
}

/** A box that was just counted. */
export function afterCount({cap}: Budget, counted: DiskUse): Budget {
  return {cap, counted, vanished: none};
}

/** The limit that is reached, or undefined. */
export function overCap(cap: DiskUse, use: DiskUse): DiskLimit | undefined {
  if (use.bytes >= cap.bytes) return 'disk';
  return use.inodes >= cap.inodes ? 'inodes' : undefined;
}

/** Free space that is left to the engine's machine whatever the caps of its boxes are: enough to bring their work home. */
export interface Reserve {
  /** In bytes; at most `part` of the file system. */
  readonly bytes: number;
  /** At most `part` of them. */
  readonly inodes: number;
  readonly part: number;
}

/** A submission may hold 500 MiB and is written twice; a small disk keeps a twentieth. */
export const hostReserve: Reserve = {bytes: 1024 * mebibyte, inodes: 20_000, part: 0.05};

/** Whether the file system has less left than is kept for its machine. */
export function isLow({available, total}: DiskLook, reserve: Reserve): boolean {
  if (available.bytes < Math.min(reserve.bytes, total.bytes * reserve.part)) return true;
  return total.inodes > 0 && available.inodes < Math.min(reserve.inodes, total.inodes * reserve.part);
}

/** What `stat -f` printed in the form `block-size blocks free available inodes free-inodes`, or undefined for anything else. */
export function parseLook(line: string): DiskLook | undefined {
  if (!/^\d{1,15}( \d{1,20}){5}$/.test(line)) return undefined;
  const [block = 0, blocks = 0, free = 0, available = 0, inodes = 0, freeInodes = 0] = line.split(' ').map(Number);
  return {free: {bytes: free * block, inodes: freeInodes}, available: {bytes: available * block, inodes: freeInodes}, total: {bytes: blocks * block, inodes}};
}

function mapUse({bytes, inodes}: DiskUse, change: (value: number) => number): DiskUse {
  return {bytes: change(bytes), inodes: change(inodes)};
}
