import {hostname} from 'node:os';
import {systemCode} from '../../core/errors.js';
import {readBootId, readMachine, readPidNamespace, readProcess} from './machine.js';

/** Whether a living process drives a run. `unknown` on any doubt: it is treated as living, and only a person may say that it is not. */
export type Driver = 'none' | 'alive' | 'unknown';

/** Stands in an owner text for what is not known. */
const notKnown = '-';

/**
 * `host pid start boot namespace machine`: names this process in locks, labels and the journal. Start: clock ticks, `0`
 * when not known. Boot: the first 8 digits of the kernel's boot id. Namespace: the pid namespace. Machine: see
 * {@link readMachine}. `-` for what is not known. The host's name alone tells little: two containers, or two machines
 * on one engine, may have the same one, and then their process numbers mean different processes.
 */
export function processOwner(): string {
  const boot = readBootId()?.slice(0, 8) ?? notKnown;
  return [hostname(), process.pid, readProcess('self')?.start ?? '0', boot, readPidNamespace() ?? notKnown, readMachine() ?? notKnown].join(' ');
}

/**
 * Judges the process that an owner text names by its number and start time.
 * - Same host name, kernel start and pid namespace: the process is looked up.
 * - Same host name, another start of the kernel: gone when the machine is the same one and neither is in a container.
 *   A host name alone does not say that: containers on several machines may share it.
 * - No Linux: there are no namespaces, so a host name is enough to look the process up.
 * - The earlier form `host pid start`: looked up when the host's name is the same.
 * Everything else is unknown, and so is a living process whose start time cannot be compared.
 */
export function judgeOwner(owner: string): Driver {
  const parts = owner.split(' ');
  const [host, pid, start] = parts;
  if (host !== hostname() || pid === undefined || start === undefined || !/^[1-9]\d{0,9}$/.test(pid)) return 'unknown';
  if (parts.length === 3) return judgeProcess(Number(pid), start);
  const [, , , boot = '', namespace = '', machine = ''] = parts;
  if (parts.length !== 6) return 'unknown';
  const [, , , bootHere = '', namespaceHere = '', machineHere = ''] = processOwner().split(' ');
  const isKnown = boot !== notKnown && bootHere !== notKnown;
  if (isKnown && boot !== bootHere) return machine !== notKnown && machine === machineHere ? 'none' : 'unknown';
  const hasNamespaces = process.platform === 'linux';
  const sameNumbers = hasNamespaces ? isKnown && namespace !== notKnown && namespace === namespaceHere : boot === notKnown;
  return sameNumbers ? judgeProcess(Number(pid), start) : 'unknown';
}

/** An owner for a person: `process 4711 on build-3`. */
export function describeOwner(owner: string): string {
  const [host = '', pid = ''] = owner.split(' ');
  return `process ${pid} on ${host}`;
}

function judgeProcess(pid: number, start: string): Driver {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return 'none';
    // EPERM: it lives and is another user's.
    if (systemCode(error) !== 'EPERM') return 'unknown';
  }
  const now = readProcess(pid);
  if (now === undefined || start === '0') return 'unknown';
  return now.start === start && !now.ended ? 'alive' : 'none';
}
