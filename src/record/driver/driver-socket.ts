import {constants} from 'node:fs';
import {chmod, mkdtemp, open, rm, stat} from 'node:fs/promises';
import {connect, createServer, type Server, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {systemCode} from '../../core/errors.js';

/** What a driver can be asked for. `cancel`: end the run and keep its work. `park`: stop, so that it can be resumed. */
export type DriverRequest = 'cancel' | 'park';
const requests: readonly DriverRequest[] = ['cancel', 'park'];
/** Called with each request that a driver is sent. It must not throw. */
export type RequestListener = (request: DriverRequest) => void;
/** Called when a person is about to enter a box, by its name; true once that is durable in the journal. It must not throw. */
export type EnterListener = (box: string) => Promise<boolean>;

/** What a driver does when it is asked; what it has no listener for is refused. */
export interface DriverListeners {
  readonly onRequest?: RequestListener | undefined;
  readonly onEnter?: EnterListener | undefined;
}

/** The words of a person's entry: `enter BOX`, the name as an engine takes one. */
const enterForm = /^enter ([a-zA-Z0-9][a-zA-Z0-9_.-]{0,254})\n$/;

/** The path of a socket may take 104 bytes on macOS and 108 on Linux, a zero included (unix(7)). Node.js cuts a longer one off without a word. */
const maxPathBytes = 103;
/** The longest line either side reads; the longest one that is sent names a box. */
const maxLineBytes = 320;
const maxConnections = 8;
const connectionMs = 5_000;
/** A connection is made at once or not at all: the kernel answers, not the driver. */
const probeMs = 2_000;
/** Said first, so that nothing is sent to a driver that does not run just now. */
const greeting = 'bulkhead 1\n';

/** A socket by its folder and name. */
export interface SocketPlace {
  readonly folder: string;
  readonly name: string;
}

/** A socket on which a driver listens. */
export interface DriverSocket extends AsyncDisposable {
  /** The folder that holds its file and nothing else, when that is not the one that was asked for. */
  readonly elsewhere: string | undefined;
}

/**
 * Listens in a folder, or, where that cannot be (no sockets on that file system, too long a path), in a new folder for
 * temporary files. Undefined when neither works. It keeps no process alive. Throws ENOENT when the folder is gone.
 */
export async function startDriverSocket(wanted: SocketPlace, listeners: DriverListeners): Promise<DriverSocket | undefined> {
  const inside = await listenAt(wanted, listeners);
  if (inside !== undefined) return {...inside, elsewhere: undefined};
  const elsewhere = await mkdtemp(join(tmpdir(), 'bulkhead-')).catch(() => undefined);
  if (elsewhere === undefined) return undefined;
  const outside = await listenAt({folder: elsewhere, name: wanted.name}, listeners).catch(() => undefined);
  if (outside !== undefined) return {...outside, elsewhere};
  await rm(elsewhere, {recursive: true, force: true});
  return undefined;
}

/**
 * Whether anybody listens, without a word. `answers`: yes, also when that process is stopped or busy. `refused`: the
 * file is there and nobody listens. `doubt`: whatever else, such as a file that this user may not use.
 */
export async function probeSocket(place: SocketPlace): Promise<'answers' | 'refused' | 'absent' | 'doubt'> {
  try {
    await using reach = await reachOf(place);
    if (reach === undefined) return 'doubt';
    using connection = await connectTo(reach.path, AbortSignal.timeout(probeMs));
    return connection.socket.destroyed ? 'doubt' : 'answers';
  } catch (error) {
    const code = systemCode(error);
    // EAGAIN: somebody listens, and so many connections wait already that the kernel takes no more.
    if (code === 'EAGAIN') return 'answers';
    if (code === 'ECONNREFUSED') return 'refused';
    return code === 'ENOENT' ? 'absent' : 'doubt';
  }
}

/** Asks whoever listens; true when the request was taken. A driver that does not answer within seconds was not sent it. */
export async function sendRequest(place: SocketPlace, request: DriverRequest | `enter ${string}`, signal: AbortSignal): Promise<boolean> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(connectionMs)]);
  try {
    await using reach = await reachOf(place);
    if (reach === undefined) return false;
    using connection = await connectTo(reach.path, limited);
    let heard = '';
    for await (const chunk of connection.socket) {
      heard += String(chunk);
      if (heard === greeting) connection.socket.write(`${request}\n`);
      if (heard === `${greeting}ok\n`) return true;
      if (heard.length > maxLineBytes) return false;
    }
    return false;
  } catch (error) {
    signal.throwIfAborted();
    // Gone, or silent: there is nobody who takes it.
    if (systemCode(error) !== undefined || limited.aborted) return false;
    throw error;
  }
}

interface Reach extends AsyncDisposable {
  readonly path: string;
}

/** A path of a socket that is short enough, valid until it is disposed; undefined when there is none. */
async function reachOf({folder, name}: SocketPlace): Promise<Reach | undefined> {
  const direct = join(folder, name);
  if (Buffer.byteLength(direct) <= maxPathBytes) return {path: direct, [Symbol.asyncDispose]: () => Promise.resolve()};
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  const [there, here] = await Promise.all([stat(`/proc/self/fd/${handle.fd}`).catch(() => undefined), handle.stat()]);
  if (there?.ino === here.ino && there.dev === here.dev) return {path: `/proc/self/fd/${handle.fd}/${name}`, [Symbol.asyncDispose]: () => handle.close()};
  await handle.close();
  return undefined;
}

async function connectTo(path: string, signal: AbortSignal): Promise<Disposable & {readonly socket: Socket}> {
  const socket = connect({path, signal});
  await new Promise<void>((done, fail) => {
    socket.once('connect', done).once('error', fail);
  });
  // From here on a failure closes the socket, which ends whoever reads from it.
  socket.on('error', () => undefined);
  return {socket, [Symbol.dispose]: () => socket.destroy()};
}

async function listenAt(place: SocketPlace, listeners: DriverListeners): Promise<AsyncDisposable | undefined> {
  const reach = await reachOf(place);
  if (reach === undefined) return undefined;
  const open = new Set<Socket>();
  const server = createServer((connection) => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
    serve(connection, listeners);
  });
  server.maxConnections = maxConnections;
  server.unref();
  const close = async (): Promise<void> => {
    for (const connection of open) connection.destroy();
    await new Promise<void>((done) => {
      server.close(() => {
        done();
      });
    });
    await reach[Symbol.asyncDispose]();
  };
  try {
    await listen(server, reach.path);
    await chmod(reach.path, 0o600);
    return {[Symbol.asyncDispose]: close};
  } catch (error) {
    await close();
    if (['ENOENT', 'ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '')) throw error;
    return undefined;
  }
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail).listen(path, done);
  });
  // Such as no file descriptor left for a connection: the asker is not served, the run goes on.
  server.on('error', () => undefined);
}

/** One line from whoever asks, one line back. */
function serve(connection: Socket, listeners: DriverListeners): void {
  const limit = setTimeout(() => connection.destroy(), connectionMs).unref();
  let heard = '';
  connection.unref().setEncoding('latin1');
  connection.on('error', () => undefined);
  connection.once('close', () => {
    clearTimeout(limit);
  });
  connection.on('data', (chunk) => {
    heard += String(chunk);
    const end = heard.indexOf('\n');
    if (end === -1 && heard.length <= maxLineBytes) return;
    connection.removeAllListeners('data');
    void answer(heard, listeners).then((taken) => connection.end(taken ? 'ok\n' : 'no\n', () => connection.destroy()));
  });
  connection.write(greeting);
}

async function answer(heard: string, {onRequest, onEnter}: DriverListeners): Promise<boolean> {
  const box = enterForm.exec(heard)?.[1];
  if (box !== undefined) return (await onEnter?.(box)) === true;
  const request = requests.find((one) => `${one}\n` === heard);
  if (request !== undefined) onRequest?.(request);
  return request !== undefined && onRequest !== undefined;
}
