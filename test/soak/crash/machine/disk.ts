import {cp, lstat, mkdir, rm, stat, statfs} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {tool} from './tool.js';

/** A run asks for 256 MiB; the rest is for the file system's own tables. */
const imageMiB = 400;

/** A small ext4 disk of its own, mounted on a folder. Needs root. Disposing unmounts it, removes its image, and leaves a copy of its files beside it, as evidence. */
export interface Disk extends AsyncDisposable {
  /** Takes all the space that is left. */
  fill(): Promise<void>;
  /** Gives that space back. */
  drain(): Promise<void>;
  /** Copies what has reached the disk at this moment and not what is only in memory. Whoever writes must be frozen. */
  copyCut(): Promise<void>;
  /** Mounts that copy in place of the disk, at the same path. */
  mountCut(): Promise<void>;
}

/** Makes a disk; its images lie in a folder beside the mount point. */
export async function startDisk(mountPoint: string): Promise<Disk> {
  const image = `${mountPoint}.ext4`;
  const cut = `${mountPoint}.cut.ext4`;
  const ballast = join(mountPoint, 'ballast');
  await mkdir(mountPoint, {recursive: true});
  await tool('truncate', '-s', `${imageMiB}M`, image);
  await tool('mkfs.ext4', '-q', '-m', '0', '-F', image);
  await mount(image, mountPoint);
  return {
    async fill() {
      await mkdir(ballast);
      const {bsize} = await statfs(mountPoint);
      // Halving: whoever else writes takes some of it meanwhile.
      for (let index = 0; ; index += 1) {
        const {bavail} = await statfs(mountPoint);
        if (bavail === 0) return;
        await takeSpace(join(ballast, String(index)), {bytes: bavail * bsize, atLeast: bsize});
      }
    },
    drain: () => rm(ballast, {recursive: true, force: true}),
    async copyCut() {
      for (;;) {
        const before = await stat(image, {bigint: true});
        await tool('cp', '--sparse=always', image, cut);
        const after = await stat(image, {bigint: true});
        // The kernel wrote something back meanwhile: that copy is of no single moment.
        if (before.mtimeNs === after.mtimeNs) return;
      }
    },
    async mountCut() {
      await unmount(mountPoint);
      await mount(cut, mountPoint);
    },
    async [Symbol.asyncDispose]() {
      await rm(ballast, {recursive: true, force: true});
      // A socket is a name and nothing else.
      await cp(mountPoint, `${mountPoint}.seen`, {recursive: true, filter: async (path) => !(await lstat(path)).isSocket()});
      await unmount(mountPoint);
      await rm(image, {force: true});
      await rm(cut, {force: true});
    },
  };
}

async function takeSpace(file: string, {bytes, atLeast}: {readonly bytes: number; readonly atLeast: number}): Promise<void> {
  for (let wanted = bytes; wanted >= atLeast; wanted = Math.floor(wanted / 2)) {
    const isTaken = await tool('fallocate', '-l', String(wanted), file).then(() => true, () => false);
    if (isTaken) return;
  }
}

/** `loop` alone: the loop device goes with the mount. */
async function mount(image: string, mountPoint: string): Promise<void> {
  await tool('mount', '-t', 'ext4', '-o', 'loop,noatime', image, mountPoint);
}

/** What a process that was just killed held open is free a moment later. */
const attempts = 50;
const pauseMs = 100;

async function unmount(mountPoint: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await tool('umount', mountPoint);
      return;
    } catch (error) {
      if (!(await isMounted(mountPoint))) return;
      if (attempt === attempts) {
        await tool('umount', '--lazy', mountPoint);
        throw error;
      }
      await sleep(pauseMs);
    }
  }
}

async function isMounted(mountPoint: string): Promise<boolean> {
  return tool('mountpoint', '-q', mountPoint).then(() => true, () => false);
}
