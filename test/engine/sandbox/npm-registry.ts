import {createHash, randomBytes} from 'node:crypto';
import {buffer} from 'node:stream/consumers';
import {createGzip} from 'node:zlib';
import {pack} from 'tar-stream';
import {connectEngine} from '../../../src/sandbox/docker/connect.js';
import {labelKeys} from '../../../src/sandbox/labels.js';
import {address, boxImage} from './engine-fixture.js';

/** A package: its version, and its files besides package.json. */
export interface Published {
  readonly name: string;
  readonly version: string;
  readonly packageJson?: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
  /** Symbolic links, by their target. */
  readonly links?: Readonly<Record<string, string>>;
}

/** A registry that speaks as much of npm's protocol as an install by a lock file needs. */
export interface NpmRegistry extends AsyncDisposable {
  /** As a box on the engine's default network reaches it, ending with `/`. */
  readonly url: string;
  /** The entry of a lock file. */
  entry(name: string): {readonly version: string; readonly resolved: string; readonly integrity: string};
  /** What was asked for, a line each: path, and the value of the header `authorization`. */
  asked(): Promise<string>;
}

/** Serves the tarballs of BODIES; with TOKEN, whoever has none gets 401. */
const server = `
const bodies = JSON.parse(process.env.BODIES);
require('http').createServer((request, response) => {
  const {authorization} = request.headers;
  console.log(request.url + ' ' + authorization);
  const allowed = !process.env.TOKEN || authorization === 'Bearer ' + process.env.TOKEN;
  const body = bodies[request.url];
  response.statusCode = !allowed ? 401 : body === undefined ? 404 : 200;
  response.end(allowed && body !== undefined ? Buffer.from(body, 'base64') : undefined);
}).listen(4873, () => console.log('listening'));
`;

/** Starts it in a container of its own, on the network of the boxes that install. */
export async function startNpmRegistry(packages: readonly Published[], {token = '', runId}: {readonly token?: string; readonly runId: string}): Promise<NpmRegistry> {
  const tarballs = new Map<string, Buffer>();
  for (const one of packages) tarballs.set(`/${one.name}/-/${one.name}-${one.version}.tgz`, await tarball(one));
  const bodies = JSON.stringify(Object.fromEntries([...tarballs].map(([path, bytes]) => [path, bytes.toString('base64')])));
  const container = await connectEngine(address).createContainer({name: `bulkhead-test-registry-${randomBytes(4).toString('hex')}`, Image: boxImage, Cmd: ['node', '-e', server], Env: [`BODIES=${bodies}`, `TOKEN=${token}`], Labels: {[labelKeys.run]: runId, [labelKeys.owner]: '', [labelKeys.kind]: 'helper'}});
  const remove = async (): Promise<void> => {
    await container.remove({force: true, v: true});
  };
  const log = async (): Promise<string> => String(await container.logs({stdout: true, stderr: true}));
  try {
    await container.start();
    for (let tries = 0; !(await log()).includes('listening'); tries += 1) {
      if (tries > 300) throw new Error(`the registry does not listen: ${await log()}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  } catch (error) {
    await remove();
    throw error;
  }
  const {NetworkSettings} = (await container.inspect()) as {NetworkSettings: {Networks: Readonly<Record<string, {IPAddress: string}>>}};
  const url = `http://${Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? ''}:4873/`;
  return {
    url,
    asked: log,
    entry(name) {
      const one = packages.find((each) => each.name === name)!;
      const path = `${name}/-/${name}-${one.version}.tgz`;
      return {version: one.version, resolved: `${url}${path}`, integrity: `sha512-${createHash('sha512').update(tarballs.get(`/${path}`)!).digest('base64')}`};
    },
    [Symbol.asyncDispose]: remove,
  };
}

async function tarball({name, version, packageJson, files, links = {}}: Published): Promise<Buffer> {
  const tar = pack();
  const all = {'package.json': JSON.stringify({name, version, ...packageJson}), ...files};
  for (const [path, text] of Object.entries(all)) tar.entry({name: `package/${path}`}, text);
  for (const [path, linkname] of Object.entries(links)) tar.entry({name: `package/${path}`, type: 'symlink', linkname});
  tar.finalize();
  return buffer(tar.pipe(createGzip()));
}
