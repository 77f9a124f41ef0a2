import {escapeText} from '../../core/escape.js';
import {describeOwner} from '../../record/driver/owner.js';
import type {StatusRow} from '../status-row.js';
import {paint} from './error.js';
import {flat} from './tool-call.js';

type RunRow = Exclude<StatusRow, {status: 'damaged'}>;

const colours = {running: 'cyan', interrupted: 'yellow', parked: 'yellow', verified: 'green', blocked: 'red', inconclusive: 'yellow', cancelled: 'yellow', damaged: 'red'} as const;

/** One block a run, the newest last. `directory` is what the commands that are named need as -C. */
export function renderStatus(rows: readonly StatusRow[], {directory}: {readonly directory?: string} = {}): string {
  const where = directory === undefined ? '' : ` -C ${escapeText(directory)}`;
  if (rows.length === 0) return 'No runs of this repository yet. `bulkhead run --manifest FILE` starts one.\n';
  return `${rows.map((row) => block(row, where).join('\n')).join('\n\n')}\n`;
}

function block(row: StatusRow, where: string): readonly string[] {
  const status = paint([colours[row.status], 'bold'], row.status);
  const id = escapeText(row.runId);
  if (row.status === 'damaged') return [`${id}  ${status}  ${escapeText(row.message)}`, line('drop it', `bulkhead discard ${id}${where}`)];
  return [
    `${id}  ${status}  ${flat(row.task.split('\n')[0] ?? '')}`,
    line('begun', `${time(row.startedAt)} UTC; the last event came at ${time(row.lastAt)}`),
    ...turnLines(row),
    ...row.verifications.map((one) => line(`verification ${one.round + 1}`, `${one.verdict}${one.findings > 0 ? `, ${count(one.findings, 'finding')}` : ''}`)),
    ...driverLines(row, where),
    ...(row.under.length === 0 ? [] : [line(row.status === 'running' ? 'now' : 'interrupted in', row.under.map((step) => flat(step)).join(', '))]),
    ...(row.parked === undefined ? [] : [line('parked by', `${flat(row.parked.code)}: ${flat(row.parked.message, 300)}`)]),
    ...(row.unknownEffects === 0 ? [] : [line('not known', `whether ${count(row.unknownEffects, 'interrupted act')} took effect: bulkhead logs ${id}${where} tells which`)]),
    ...(row.override === undefined ? [] : [line('not verified', `taken all the same: ${flat(row.override, 300)}`)]),
    ...(row.branch === undefined ? [] : [line('branch', escapeText(row.branch))]),
    ...wayOn(row, id, where),
  ];
}

function turnLines({turns}: RunRow): readonly string[] {
  const each = Object.entries(turns).map(([name, turn]) => `${flat(name)} ${turn}`);
  return each.length === 0 ? [] : [line('turns', each.join(', '))];
}

function driverLines({status, driver, owner, runId}: RunRow, where: string): readonly string[] {
  if (status !== 'running' || owner === undefined) return [];
  const who = flat(describeOwner(owner));
  if (driver === 'alive') return [line('driven by', who)];
  return [line('driven by', `${who}, for all that can be told from here`), line('if that is gone', `bulkhead resume ${escapeText(runId)}${where} --take-over`)];
}

/** What a person may do next. */
function wayOn({status}: RunRow, id: string, where: string): readonly string[] {
  const say = (what: string, command: string): string => line(what, `bulkhead ${command}`);
  const drop = say('drop it', `discard ${id}${where}`);
  switch (status) {
    case 'running':
      return [say('follow it', `logs ${id}${where} -f`), say('stop it', `park ${id}${where}, or for good: bulkhead cancel ${id}${where}`)];
    case 'interrupted':
    case 'parked':
      return [say('go on', `resume ${id}${where}`), drop];
    case 'verified':
      return [say('look at it', `diff ${id}${where}`), say('take it', `deliver ${id}${where} --apply`)];
    case 'cancelled':
      return [say('look at it', `diff ${id} SPECIALIST${where}`), drop];
    case 'blocked':
    case 'inconclusive':
      return [say('look at it', `diff ${id}${where}`), say('all the same', `deliver ${id}${where} --branch NAME --override --reason TEXT`), drop];
  }
}

function line(what: string, text: string): string {
  return `  ${what.padEnd(15)} ${text}`;
}

function time(at: string): string {
  return at.slice(0, 19).replace('T', ' ');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
