import {readFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {systemCode} from '../core/errors.js';

/** `host pid start-time` of this process: names who drives a run, in locks, labels and the journal. */
export function processOwner(): string {
  return `${hostname()} ${process.pid} ${startTime(process.pid) ?? '0'}`;
}

/**
 * Whether the process that an owner text names is surely gone. False on any doubt: another host, a text that is not
 * understood, a process of that number whose start time cannot be read.
 */
export function ownerIsGone(owner: string): boolean {
  const [host, pid, start, ...rest] = owner.split(' ');
  if (host !== hostname() || pid === undefined || start === undefined || rest.length > 0 || !/^[1-9]\d*$/.test(pid)) return false;
  if (!isAlive(Number(pid))) return true;
  const now = startTime(Number(pid));
  return now !== undefined && start !== '0' && now !== start;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** Clock ticks from boot to the start of a process: field 22 of /proc/PID/stat (proc(5)); undefined where there is no /proc. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold spaces and parentheses itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
