import {readFileSync, readlinkSync} from 'node:fs';
import {statfs} from 'node:fs/promises';
import {sha256} from '../../core/canonical.js';

/** The first pid namespace of any kernel has this number: PROC_PID_INIT_INO of linux/proc_ns.h. */
const firstPidNamespace = '4026531836';

/**
 * File systems that one kernel at a time has mounted, by the magic number of statfs(2): ext2-4, xfs, btrfs, f2fs, zfs,
 * bcachefs, tmpfs and ramfs, and overlay, whose upper layer is one of them and belongs to one mount.
 */
const localDisks: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x01021994, 0x858458f6, 0x794c7630]);

/** The id that the running kernel made when it started, or undefined where it does not tell (no Linux, no /proc). */
export function readBootId(): string | undefined {
  return readFact('/proc/sys/kernel/random/boot_id', /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
}

/**
 * The pid namespace in which process numbers of this process mean something, or undefined when that cannot be told, as
 * when /proc belongs to another namespace. Two namespaces that live at the same time on one kernel have two numbers.
 */
export function readPidNamespace(): string | undefined {
  try {
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined;
    return /^pid:\[(\d+)\]$/.exec(readlinkSync('/proc/self/ns/pid'))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * Names this machine across restarts: 8 hex digits of a hash, since machine-id(5) asks not to give the id away. Undefined
 * when it is not known, and in a container: images carry ids, so that two machines may show the same one.
 */
export function readMachine(): string | undefined {
  if (readPidNamespace() !== firstPidNamespace) return undefined;
  const id = readFact('/etc/machine-id', /^[0-9a-f]{32}$/);
  return id === undefined ? undefined : sha256(`bulkhead ${id}`).slice(0, 8);
}

/** Whether a folder is on a disk that one kernel at a time has mounted. False on any doubt: a network, a shared folder of a virtual machine. */
export async function isOnLocalDisk(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  return statfs(folder).then(({type}) => localDisks.has(type), () => false);
}

/** What /proc says of a process. */
export interface ProcessFacts {
  /** Clock ticks from the start of the kernel to the start of the process: field 22 of /proc/PID/stat (proc(5)). */
  readonly start: string;
  /** It has ended, and only waits for its parent to ask how. */
  readonly ended: boolean;
}

/** Looks a process up, by its number in the pid namespace of /proc. Undefined where there is no /proc, or no such process in it. */
export function readProcess(pid: number | 'self'): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, start] = [fields[0], fields[19]];
    return state === undefined || start === undefined ? undefined : {start, ended: state === 'Z' || state === 'X'};
  } catch {
    return undefined;
  }
}

function readFact(file: string, form: RegExp): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return form.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
