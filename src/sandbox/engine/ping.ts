import {request, type RequestOptions} from 'node:http';
import {systemCode} from '../../core/errors.js';
import {parseEngineAddress} from './address.js';

/** What speaks at an address. `problemCode` is the system error code, where there is one. */
export type PingResult =
  | {readonly state: 'answers'; readonly name: 'docker' | 'podman'; readonly apiVersion: string}
  | {readonly state: 'silent'; readonly problem: string; readonly problemCode?: string | undefined};

/** Enough for an engine under load; a dead address must not hold up discovery. */
const pingTimeoutMs = 3000;

const explanations: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'nothing listens there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTSOCK: 'it is not a socket',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ECONNRESET: 'the connection was closed without an answer',
};

/**
 * Speaks to an address once: `GET /_ping`, whose headers name the engine. Whatever goes wrong is a value; it rejects
 * only when `signal` is aborted.
 */
export async function pingEngine(address: string, signal: AbortSignal): Promise<PingResult> {
  const target = parseEngineAddress(address);
  if (target.kind === 'refused') return {state: 'silent', problem: target.problem};
  const where = target.kind === 'unix' ? {socketPath: target.path} : {host: target.host, port: target.port};
  const deadline = AbortSignal.timeout(pingTimeoutMs);
  try {
    return await ask({...where, path: '/_ping', agent: false, signal: AbortSignal.any([signal, deadline])});
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) return {state: 'silent', problem: `no answer within ${pingTimeoutMs / 1000} s`};
    const code = systemCode(error);
    return {state: 'silent', problem: (code === undefined ? undefined : explanations[code]) ?? `the connection failed (${code ?? 'unknown'})`, problemCode: code};
  }
}

function ask(options: RequestOptions): Promise<PingResult> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      response.resume();
      resolve(judge(response.statusCode ?? 0, response.headers));
      response.on('error', () => undefined);
    });
    sent.on('error', reject);
    sent.end();
  });
}

function judge(status: number, headers: Readonly<Record<string, string | readonly string[] | undefined>>): PingResult {
  const apiVersion = headers['api-version'];
  if (status !== 200) return {state: 'silent', problem: `it answers with HTTP status ${status}`};
  if (typeof apiVersion !== 'string' || !/^\d+\.\d+$/.test(apiVersion)) return {state: 'silent', problem: 'what answers there is not a container engine'};
  return {state: 'answers', name: headers['libpod-api-version'] === undefined ? 'docker' : 'podman', apiVersion};
}
