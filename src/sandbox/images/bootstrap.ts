import {createReadStream} from 'node:fs';
import {join} from 'node:path';
import {AppError} from '../../core/errors.js';
import type {EngineClient} from '../docker/connect.js';
import {importImage, readArchitecture} from '../docker/images.js';
import type {Environment} from '../engine/candidates.js';
import {findProgram} from '../engine/discover.js';
import type {PackageInstaller} from '../engine/packages.js';
import {runTool, toolEnvironment} from '../engine/tool.js';
import {startTemporaryFolder} from './context.js';
import {debianRelease} from './pins.js';

/** What making images needs of the host. */
export interface BuildContext {
  readonly engine: EngineClient;
  readonly env: Environment;
  /** Installs mmdebstrap when it is needed; undefined where nothing may be installed. */
  readonly packages: PackageInstaller | undefined;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The release as the distribution serves it, for a host that is not this release itself. */
const defaultSources = [
  `deb http://deb.debian.org/debian ${debianRelease} main`,
  `deb http://deb.debian.org/debian ${debianRelease}-updates main`,
  `deb http://deb.debian.org/debian-security ${debianRelease}-security main`,
];

/** Manuals, documents and translations are of no use to a tool in a box: a third of the packages' size. */
const leftOut = ['/usr/share/man/*', '/usr/share/doc/*', '/usr/share/locale/*', '/usr/share/info/*'];

const mmdebstrapOptions = [
  '--variant=minbase',
  '--format=tar',
  '--include=git,ca-certificates,busybox-static',
  ...leftOut.map((path) => `--dpkgopt=path-exclude=${path}`),
  // An image that is cut off by a crash is made anew, so no file of it needs its own fsync.
  '--dpkgopt=force-unsafe-io',
  '--aptopt=Acquire::Languages "none"',
  '--aptopt=APT::Install-Recommends "false"',
] as const;

const debianArchitectures: Readonly<Record<string, string>> = {x64: 'amd64', arm64: 'arm64'};

/**
 * Makes Debian with git and certificates from the distribution's packages, without any image registry, and imports it
 * under a name. Takes the host's own mirrors when the host is of the same release. Throws IMAGE_BUILD_FAILED.
 */
export async function bootstrapDebian(reference: string, context: BuildContext): Promise<void> {
  const {engine, env, say, signal} = context;
  await requireArchitecture(engine, signal);
  await requireMmdebstrap(context);
  const sources = await debianSources(env, signal);
  await using folder = await startTemporaryFolder();
  const file = join(folder.path, 'base.tar');
  say(`making Debian ${debianRelease} from the distribution's packages (mmdebstrap)`);
  const made = await runTool({
    argv: ['mmdebstrap', ...mmdebstrapOptions, debianRelease, file, ...sources],
    env: toolEnvironment(env),
    cwd: folder.path,
    onLine: (line) => {
      say(`  ${line}`);
    },
    signal,
  });
  if (!made.ok) {
    throw new AppError('IMAGE_BUILD_FAILED', `mmdebstrap could not make the base image. Its last lines:\n${made.lines.join('\n')}`, {
      hint: 'Check that a Debian mirror can be reached: apt-get update',
      details: {lines: made.lines},
    });
  }
  await importImage(engine, {reference, stream: createReadStream(file)}, signal);
}

async function requireMmdebstrap({env, packages}: BuildContext): Promise<void> {
  if ((await findProgram('mmdebstrap', env)) !== undefined) return;
  if (packages === undefined) {
    throw new AppError('IMAGE_BUILD_FAILED', 'The base image is neither on the engine nor can it be pulled, and mmdebstrap, which could make it, is not installed.', {
      hint: 'Where a registry can be reached: docker pull debian:bookworm-slim. On Debian and Ubuntu, as root: bulkhead setup --yes. Or copy the image over: docker load -i FILE.',
    });
  }
  // The keyring is there on Debian, and is what makes it possible on Ubuntu.
  await packages.install(['mmdebstrap', 'debian-archive-keyring']);
}

async function requireArchitecture(engine: EngineClient, signal: AbortSignal): Promise<void> {
  const wanted = await readArchitecture(engine, signal);
  const host = debianArchitectures[process.arch];
  if (wanted === host) return;
  throw new AppError('IMAGE_BUILD_FAILED', `The engine needs images for ${wanted}, this machine can make them only for ${host ?? process.arch}.`, {
    hint: 'Pull or load the image on the engine: docker pull debian:bookworm-slim',
  });
}

/** apt's own view of its sources, one line `URI RELEASE ORIGIN` for each index of the component main. */
const indexFormat = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)';

async function debianSources(env: Environment, signal: AbortSignal): Promise<readonly string[]> {
  if ((await findProgram('apt-get', env)) === undefined) return defaultSources;
  const listed = await runTool({argv: ['apt-get', 'indextargets', '--format', indexFormat, 'Created-By: Packages'], env: toolEnvironment(env), signal});
  return parseIndexTargets(listed.stdout);
}

/**
 * apt sources of our release from `apt-get indextargets`, or the distribution's default when the host is not of that
 * release. A mirror whose address holds a password is not taken: it would end up in the image.
 */
export function parseIndexTargets(output: string): readonly string[] {
  const found = output.split('\n').flatMap((line) => {
    const [uri = '', release = '', component, origin] = line.split(' ');
    const ours = [debianRelease, `${debianRelease}-updates`, `${debianRelease}-security`].includes(release);
    if (!ours || component !== 'main' || origin !== 'Debian' || !URL.canParse(uri)) return [];
    const {protocol, username, password} = new URL(uri);
    if (!['http:', 'https:'].includes(protocol) || username !== '' || password !== '') return [];
    return [`deb ${uri} ${release} main`];
  });
  return found.some((line) => line.endsWith(` ${debianRelease} main`)) ? [...new Set(found)] : defaultSources;
}
