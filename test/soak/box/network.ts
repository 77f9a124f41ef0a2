import {createSocket} from 'node:dgram';
import {createServer} from 'node:net';
import {networkInterfaces} from 'node:os';
import {gains, toEnd, unless, type BoxCase} from './case.js';
import {printed, sh, type BoxLab} from './lab.js';

/** Who came to a TCP and a UDP listener of this machine. */
interface Listeners extends AsyncDisposable {
  readonly port: number;
  /** IPv4 addresses of this machine but its loopback. */
  readonly hosts: readonly string[];
  came(): {readonly tcp: number; readonly udp: number};
}

async function startListeners(): Promise<Listeners> {
  const seen = {tcp: 0, udp: 0};
  const server = createServer((socket) => {
    seen.tcp += 1;
    socket.on('error', () => undefined).end('reached');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '0.0.0.0', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const udp = createSocket('udp4').on('message', () => void (seen.udp += 1));
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject).bind(port, '0.0.0.0', resolve);
  });
  return {
    port,
    hosts: Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter((one) => one.family === 'IPv4' && !one.internal).map((one) => one.address)),
    came: () => ({...seen}),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => udp.close(() => { resolve(); }));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Documentation names and well-known resolvers: whatever answers there, a box must not hear it. */
const resolvers = ['1.1.1.1', '8.8.8.8', '169.254.169.254'];
const sixes = ['2606:4700:4700::1111', 'fd00:ec2::254', 'ff02::1%lo'];

/** Says `got tcp HOST` for an answer and `got udp HOST` for a packet that could be sent. In node, which every box of this lab has. */
function reach({hosts, port}: {readonly hosts: readonly string[]; readonly port: number}): string {
  const script = `
    const net = require('net'), dgram = require('dgram'), dns = require('dns');
    const tcp = (host, port, what) => new Promise((done) => {
      const socket = net.connect({host, port});
      socket.setTimeout(2000, () => socket.destroy());
      socket.on('connect', () => { console.log('got ' + what + ' ' + host); socket.destroy(); }).on('error', () => {}).on('close', done);
    });
    const udp = (host, port, what, type) => new Promise((done) => {
      const socket = dgram.createSocket(type);
      socket.on('error', () => {});
      try { socket.send('x', port, host, (error) => { if (!error) console.log('got ' + what + ' ' + host); socket.close(done); }); } catch { done(); }
    });
    const name = (host) => new Promise((done) => dns.lookup(host, (error, address) => { if (!error) console.log('got dns ' + address); done(); }));
    (async () => {
      for (const host of ${JSON.stringify(hosts)}) { await tcp(host, ${port}, 'tcp'); await udp(host, ${port}, 'udp', 'udp4'); }
      for (const host of ${JSON.stringify(resolvers)}) { await tcp(host, 80, 'tcp'); await udp(host, 53, 'udp', 'udp4'); }
      for (const host of ${JSON.stringify(sixes)}) { await tcp(host, 80, 'tcp6'); await udp(host, 53, 'udp6', 'udp6'); }
      await name('example.com'); await name('host.docker.internal');
      process.exit();
    })();`;
  const ping = 'perl -e \'for my $kind (2, 3) { if (socket(my $s, 2, $kind, 1)) { print "got icmp $kind\\n" if defined send($s, pack("CCnnn", 8, 0, 0xf7ff, 0, 0), 0, pack("SnC4x8", 2, 0, 1, 1, 1, 1)) } }\'';
  return toEnd(`node -e "${script.replaceAll('"', '\\"').replaceAll('$', '\\$')}"\n${ping}`);
}

const noPolicy: BoxCase = {
  row: 'N01',
  name: 'TCP, UDP, DNS, ICMP and IPv6 of a box',
  async attack(lab) {
    await using listeners = await startListeners();
    await using box = await lab.box();
    const got = gains(printed(await sh(box, reach(listeners))));
    const {tcp, udp} = listeners.came();
    return [...got, ...unless(tcp + udp === 0, `the listeners saw ${tcp} connections and ${udp} packets`)];
  },
  async twin(lab) {
    await using listeners = await startListeners();
    const got = gains(await lab.open({network: 'bridge', script: reach(listeners)}));
    const {tcp, udp} = listeners.came();
    return unless(tcp > 0 && udp > 0 && got.some((line) => line.startsWith('got tcp')), `from a bridge ${tcp} connections and ${udp} packets came: ${got.join(', ')}`);
  },
};

/** A service on the engine's bridge with a published port, and every address at which somebody could look for it. */
async function withService<T>(lab: BoxLab, use: (places: readonly string[]) => Promise<T>): Promise<T> {
  const serve = 'require("net").createServer((socket) => socket.end("reached")).listen(7799, () => console.log("listening"))';
  const container = await lab.docker.createContainer({
    name: lab.fresh('service'),
    Image: lab.image.id,
    Entrypoint: ['node', '-e', serve],
    Tty: true,
    ExposedPorts: {'7799/tcp': {}},
    HostConfig: {NetworkMode: 'bridge', PortBindings: {'7799/tcp': [{HostIp: '0.0.0.0', HostPort: ''}]}},
  });
  try {
    await container.start();
    for (let tries = 0; tries < 100 && !(await container.logs({stdout: true})).toString().includes('listening'); tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
    const {NetworkSettings} = await container.inspect();
    const bridge = NetworkSettings.Networks['bridge'];
    const published = NetworkSettings.Ports['7799/tcp']?.[0]?.HostPort ?? '0';
    const hosts = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));
    const gateways = [bridge?.Gateway ?? '', 'host.docker.internal', 'gateway.docker.internal', 'host.containers.internal', ...hosts];
    return await use([`${bridge?.IPAddress ?? ''} 7799`, ...gateways.filter((host) => host !== '').map((host) => `${host} ${published}`)]);
  } finally {
    await container.remove({force: true, v: true});
  }
}

function look(places: readonly string[]): string {
  return toEnd(places.map((place) => `(timeout 20 node -e 'const socket = require("net").connect({host: process.argv[1], port: process.argv[2]}); socket.setTimeout(5000, () => process.exit()); socket.on("connect", () => { console.log("got " + process.argv[1]); process.exit(); }).on("error", () => process.exit())' ${place}) &`).join('\n') + '\nwait');
}

const hostServices: BoxCase = {
  row: 'N04',
  name: 'gateway, host names and published ports',
  attack: (lab) =>
    withService(lab, async (places) => {
      await using box = await lab.box({limits: {memoryMiB: 1024, cpus: 1, pids: 400}});
      return gains(printed(await sh(box, look(places))));
    }),
  twin: (lab) =>
    withService(lab, async (places) => {
      const got = gains(await lab.open({network: 'bridge', script: look(places)}));
      return [places[0], places[1]].flatMap((place) => unless(got.includes(`got ${place?.split(' ')[0] ?? ''}`), `from a bridge ${place ?? 'nothing'} is not reached: ${got.join(', ')}`));
    }),
};

/** N01 and N04. */
export const networkCases: readonly BoxCase[] = [noPolicy, hostServices];
