import {createServer, type Server} from 'node:net';
import {networkInterfaces} from 'node:os';

/** A live listener on this machine, and who came. */
export interface Sink extends AsyncDisposable {
  /** `host:port` of every address at which it answers; never empty. */
  readonly addresses: readonly string[];
  /** How many connections came since the start. */
  came(): number;
}

/** Most addresses that are tried from inside; a machine with many networks has hundreds. */
const maxAddresses = 16;

/** Listens on a free port of all addresses of this machine, and takes nothing in. */
export async function startSink(): Promise<Sink> {
  let came = 0;
  const server = createServer((socket) => {
    came += 1;
    socket.on('error', () => undefined);
    socket.destroy();
  });
  const port = await listen(server);
  server.unref();
  const hosts = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter((one) => one.family === 'IPv4').map((one) => one.address));
  return {
    addresses: [...new Set(['127.0.0.1', ...hosts])].slice(0, maxAddresses).map((host) => `${host}:${port}`),
    came: () => came,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => { resolve(); })),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({host: '0.0.0.0', port: 0}, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new TypeError('a TCP server has a port'));
      else resolve(address.port);
    });
  });
}

/** Devices that the kernel puts into every new network when some module is loaded (ip-sysctl, fb_tunnels_only_for_init_net); they are down, and without routes lead nowhere. */
const fallbackDevices = ['tunl0', 'gre0', 'gretap0', 'erspan0', 'ip_vti0', 'ip6_vti0', 'sit0', 'ip6tnl0', 'ip6gre0'];

/** Last line of what `box.sh prove` prints. */
export const proofEnd = 'proved';

/** Where a box must be able to write. */
const writablePlaces = ['/tmp', '/run/bulkhead', '/home/agent', '/box/workspace'];

/**
 * What is wrong with a box by what `box.sh prove` printed in it, or undefined for one that has its places to write and
 * no way out: no device but its loopback, no route, no address elsewhere, and not one connection to a live listener.
 * What is missing is wrong too.
 */
export function proofProblem(lines: readonly string[], came: number): string | undefined {
  const rest = (kind: string): readonly string[] => lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
  if (lines.at(-1) !== proofEnd) return 'its proof is not complete';
  const unwritable = writablePlaces.find((place) => !rest('writable').includes(place));
  if (unwritable !== undefined) return `it cannot write to ${unwritable}`;
  const devices = rest('dev').flatMap((line) => (line.includes(':') ? [line.slice(0, line.indexOf(':')).trim()] : []));
  if (!devices.includes('lo')) return 'it does not list its network devices';
  const foreign = devices.find((device) => device !== 'lo' && !fallbackDevices.includes(device));
  if (foreign !== undefined) return `it has the network device ${foreign}`;
  const route = rest('route').find((line) => !line.startsWith('Iface'));
  if (route !== undefined) return `it has a route: ${route}`;
  const elsewhere = [...rest('if_inet6'), ...rest('ipv6_route')].find((line) => line.trim().split(/\s+/).at(-1) !== 'lo');
  if (elsewhere !== undefined) return `it has an IPv6 address or route: ${elsewhere}`;
  const reached = rest('reached')[0];
  if (reached !== undefined || came > 0) return `it reached a listener on this machine${reached === undefined ? '' : ` at ${reached}`}`;
  return undefined;
}
