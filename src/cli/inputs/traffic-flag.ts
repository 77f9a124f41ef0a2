import {readFile} from 'node:fs/promises';
import {resolve} from 'node:path';
import {parse} from 'yaml';
import {AppError, systemCode} from '../../core/errors.js';
import {writeDurably} from '../../record/durable.js';
import {currentRedactor} from '../secrets.js';

/** Text of a traffic script and where it came from. */
export interface TrafficText {
  readonly text: string;
  readonly source: string;
}

/**
 * Reads what `--model-traffic replay:FILE` names, without the secrets of this process: the run and each resume replay
 * that same text. Undefined without the flag, which means a live model.
 */
export async function readTrafficFlag(value: string | undefined, directory: string, signal: AbortSignal): Promise<TrafficText | undefined> {
  if (value === undefined) return undefined;
  const [kind, ...rest] = value.split(':');
  const file = rest.join(':');
  if (kind !== 'replay' || file === '') throw new AppError('USAGE', `--model-traffic ${value}: the form is replay:FILE.`);
  const source = resolve(directory, file);
  return {text: withoutSecrets(await read(source, signal)), source};
}

/** Within the values, as JSON, which is YAML too: what stands for a secret is no plain YAML at every place. */
function withoutSecrets(text: string): string {
  const redactor = currentRedactor();
  const redacted = redactor.exact(text);
  if (redacted === text) return text;
  try {
    return `${JSON.stringify(redactor.value(parse(text), 'exact'), null, 2)}\n`;
  } catch {
    return redacted;
  }
}

/** Keeps the script in the folder of a run, durably, so that a resume replays the same. */
export async function keepTraffic(file: string, traffic: TrafficText | undefined): Promise<void> {
  if (traffic === undefined) return;
  await writeDurably(file, traffic.text);
}

/** The script that a replayed run keeps. */
export async function readKeptTraffic(file: string, signal: AbortSignal): Promise<TrafficText> {
  return {text: await read(file, signal), source: file};
}

async function read(file: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(file, {encoding: 'utf8', signal});
  } catch (error) {
    throw new AppError('TRAFFIC_INVALID', `The traffic script ${file} cannot be read (${systemCode(error) ?? 'unknown'}).`, {hint: 'Check the path behind replay:.', cause: error});
  }
}
