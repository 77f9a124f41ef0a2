import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {chmod, mkdir, symlink} from 'node:fs/promises';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {extract} from 'tar-fs';
import {AppError} from '../../core/errors.js';
import {runTool, toolEnvironment} from '../engine/tool.js';
import {startTemporaryFolder} from './context.js';
import {type Architecture, nodePackages, npmPackage, type PinnedPackage} from './pins.js';

/** What fetching needs. */
export interface FetchContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Lays Node.js and npm from the npm registry into a folder that becomes `/usr/local`: `bin/node`, npm under
 * `lib/node_modules`, and its two commands. Each package is checked against its pinned sha512 before it is unpacked.
 * Throws IMAGE_BUILD_FAILED.
 */
export async function provideNode(into: string, architecture: Architecture, context: FetchContext): Promise<void> {
  await using folder = await startTemporaryFolder();
  const bin = join(into, 'bin');
  const npm = join(into, 'lib/node_modules/npm');
  await Promise.all([bin, npm].map((path) => mkdir(path, {recursive: true})));
  const [nodeFile, npmFile] = await Promise.all([
    fetchPackage(nodePackages[architecture], folder.path, context),
    fetchPackage(npmPackage, folder.path, context),
  ]);
  await unpack(nodeFile, {into, only: 'bin/node', signal: context.signal});
  await unpack(npmFile, {into: npm, signal: context.signal});
  for (const name of ['npm', 'npx']) {
    await chmod(join(npm, 'bin', `${name}-cli.js`), 0o755);
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(bin, name));
  }
}

/** Downloads a package with the user's npm, so that its registry, proxy and certificates are used; returns the file. */
async function fetchPackage(wanted: PinnedPackage, folder: string, {env, signal}: FetchContext): Promise<string> {
  const spec = `${wanted.name}@${wanted.version}`;
  const argv = ['npm', 'pack', spec, '--pack-destination', folder, '--ignore-scripts', '--loglevel=error'] as const;
  const packed = await runTool({argv: [...argv], env: toolEnvironment(env), cwd: folder, signal});
  if (!packed.ok) {
    throw new AppError('IMAGE_BUILD_FAILED', `The package ${spec} could not be fetched from the npm registry. npm says:\n${packed.lines.join('\n')}`, {
      hint: 'Check that npm reaches its registry: npm ping. Or pull the official image: docker pull node:24-bookworm-slim',
    });
  }
  const file = join(folder, `${wanted.name}-${wanted.version}.tgz`);
  const found = await integrityOf(file, signal);
  if (found !== wanted.integrity) {
    throw new AppError('IMAGE_BUILD_FAILED', `The package ${spec} is not the one that was pinned: its content has another hash.`, {
      hint: 'The registry serves something else than the public one. Do not use it.',
      details: {wanted: wanted.integrity, found},
    });
  }
  return file;
}

/** Subresource-integrity form, as the npm registry states it. */
async function integrityOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(file), hash, {signal});
  return `sha512-${hash.digest('base64')}`;
}

/** Unpacks an npm package (everything lies in its folder `package/`), all of it or one file; their names are taken without that folder. */
async function unpack(file: string, {into, only, signal}: {readonly into: string; readonly only?: string; readonly signal: AbortSignal}): Promise<void> {
  const unpacked = extract(into, {
    strip: 1,
    ignore: (_name, header) => only !== undefined && header?.name !== only,
    readable: true,
  });
  await pipeline(createReadStream(file), createGunzip(), unpacked, {signal});
}
