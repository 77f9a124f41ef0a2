import Docker from 'dockerode';
import {AppError} from '../../core/errors.js';
import {parseEngineAddress} from '../engine/address.js';

/** A connection to an engine, as the adapters under `sandbox/` pass it on; the library's type is named here alone. */
export type EngineClient = Docker;

/**
 * A client for one address. No API version is pinned: a pinned one fails on engines that are older or newer
 * (measured with dockerode 5.0.1), the unversioned path is the engine's own. The library's `timeout` is never set: with it
 * a waiting call may never settle (pitfall 6); deadlines are signals. Nothing is sent. Throws ENGINE_UNREACHABLE for an
 * address that is not served.
 */
export function connectEngine(address: string): EngineClient {
  const target = parseEngineAddress(address);
  if (target.kind === 'refused') {
    throw new AppError('ENGINE_UNREACHABLE', `The engine address ${address} cannot be used: ${target.problem}.`);
  }
  return withoutDockerHost(() =>
    target.kind === 'unix'
      ? new Docker({socketPath: target.path})
      : new Docker({protocol: 'http', host: target.host.includes(':') ? `[${target.host}]` : target.host, port: target.port}),
  );
}

/**
 * The library mixes DOCKER_HOST, and with it certificates and DOCKER_CLIENT_TIMEOUT, into every client whatever it is
 * given. The address was decided before, so its constructor (which does not wait) must not see the variable.
 */
function withoutDockerHost<T>(make: () => T): T {
  const saved = process.env['DOCKER_HOST'];
  delete process.env['DOCKER_HOST'];
  try {
    return make();
  } finally {
    if (saved !== undefined) process.env['DOCKER_HOST'] = saved;
  }
}
