import {existsSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {AppError} from '../../core/errors.js';
import {connectEngine} from '../docker/connect.js';
import {copyImage, inspectImage} from '../docker/images.js';
import {findProgram} from './discover.js';
import type {PackageInstaller} from './packages.js';
import {pingEngine} from './ping.js';
import {startDetached, type EngineLaunch, type StartContext} from './start.js';
import {runTool, toolEnvironment} from './tool.js';

/** Where Podman of the whole machine answers (podman-system-service(1)). */
export const podmanAddress = 'unix:///run/podman/podman.sock';
const socket = podmanAddress.slice('unix://'.length);

/** The second engine of the test suites: Podman, and images of ours on it. */
export interface PodmanRequest extends StartContext {
  /** Installs packages; undefined where nobody allowed that or it cannot work here. */
  readonly packages: PackageInstaller | undefined;
  /** The engine from which images are copied. */
  readonly from: string;
  /** References of the images. */
  readonly images: readonly string[];
}

/**
 * Makes Podman answer beside the engine that is in use: installs the distribution's, starts its service, copies our
 * images over. With everything there it only looks. Throws ENGINE_MISSING where it may not install, ENGINE_UNREACHABLE
 * where it does not start, ENVIRONMENT and ENGINE_FAILED.
 */
export async function preparePodman({packages, from, images, ...context}: PodmanRequest): Promise<void> {
  const {say, signal} = context;
  if (from === podmanAddress) return;
  if ((await pingEngine(podmanAddress, signal)).state !== 'answers') await startPodman(await installedPodman(packages, context), context);
  const [source, target] = [connectEngine(from), connectEngine(podmanAddress)];
  for (const reference of images) {
    if ((await inspectImage(target, reference, signal)) !== undefined) continue;
    say(`copying ${reference} to Podman`);
    await copyImage({reference, from: source, to: target}, signal);
  }
}

/** Reaps what a box leaves, for Podman; only recommended by its package. */
const initProgram = '/usr/libexec/podman/catatonit';

async function installedPodman(packages: PackageInstaller | undefined, {env}: StartContext): Promise<string> {
  const before = await findProgram('podman', env);
  if (before !== undefined && existsSync(initProgram)) return before;
  if (packages === undefined) {
    throw new AppError('ENGINE_MISSING', 'The test suites need Podman as a second engine, and it may not be installed by this command.', {
      hint: 'As root, on Debian and Ubuntu: bulkhead setup --yes --for-tests, or by hand: apt-get install podman catatonit',
    });
  }
  await packages.install(['podman', 'catatonit']);
  const podman = await findProgram('podman', env);
  if (podman === undefined) throw new AppError('ENGINE_MISSING', 'The packages are installed, but there is no podman.', {hint: 'Install Podman by hand.'});
  return podman;
}

async function startPodman(podman: string, context: StartContext): Promise<void> {
  const {env, say, signal} = context;
  if (existsSync('/run/systemd/system')) {
    say('starting Podman: systemctl start podman.socket');
    const started = await runTool({argv: ['systemctl', 'start', 'podman.socket'], env: toolEnvironment(env), signal});
    if (started.ok && (await pingEngine(podmanAddress, signal)).state === 'answers') return;
  }
  const folder = dirname(socket);
  await mkdir(folder, {recursive: true});
  // No pid file and no containerd of its own: these paths are not there.
  const launch: EngineLaunch = {argv: [podman, 'system', 'service', '--time=0', podmanAddress], socket, pidFile: `${folder}/none.pid`, execRoot: `${folder}/none`, logFile: '/var/log/bulkhead-podman.log'};
  await startDetached(launch, context);
}
