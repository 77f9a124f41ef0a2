import {mkdtemp, rm} from 'node:fs/promises';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it, vi} from 'vitest';
import {connectEngine} from '../../../src/sandbox/docker/connect.js';

it('the environment of the docker client does not reach a client that was given its address', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bh-connect-'));
  const server = createServer((_request, response) => void setTimeout(() => response.end('OK'), 100));
  try {
    const path = join(folder, 'engine.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    vi.stubEnv('DOCKER_HOST', 'tcp://192.0.2.1:2376');
    vi.stubEnv('DOCKER_CERT_PATH', '/nonexistent');
    vi.stubEnv('DOCKER_CLIENT_TIMEOUT', '1');
    const answer: unknown = await connectEngine(`unix://${path}`).ping();
    expect(String(answer)).toBe('OK');
    expect(process.env['DOCKER_HOST']).toBe('tcp://192.0.2.1:2376');
  } finally {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
    await rm(folder, {recursive: true, force: true});
  }
});

it('an address that is not served is refused before anything is sent', () => {
  expect(() => connectEngine('ssh://host')).toThrow(expect.objectContaining({code: 'ENGINE_UNREACHABLE'}));
});
