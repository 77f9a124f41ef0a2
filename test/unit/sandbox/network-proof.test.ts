import {connect} from 'node:net';
import {describe, expect, it} from 'vitest';
import {proofProblem, startSink} from '../../../src/sandbox/network-proof.js';

const writable = ['/tmp', '/run/bulkhead', '/home/agent', '/box/workspace'].map((place) => `writable ${place}`);
const devices = ['dev Inter-|   Receive  |  Transmit', 'dev face |bytes', 'dev lo: 0 0 0 0'];
const routes = ['route Iface\tDestination\tGateway'];
const six = ['if_inet6 00000000000000000000000000000001 01 80 10 80       lo', 'ipv6_route 00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo'];
const sealed = [...writable, ...devices, ...routes, ...six, 'proved'];
const before = (line: string): readonly string[] => [...sealed.slice(0, -1), line, 'proved'];

describe('the proof of a box', () => {
  it('holds for a loopback, no route and no answer; also beside the devices that some modules put everywhere', () => {
    expect(proofProblem(sealed, 0)).toBeUndefined();
    expect(proofProblem(before('dev tunl0: 0 0'), 0)).toBeUndefined();
    expect(proofProblem(sealed.filter((line) => !line.startsWith('ipv6') && !line.startsWith('if_inet6')), 0)).toBeUndefined();
  });

  it.each([
    ['another device', before('dev eth0: 12 0')],
    ['a device that is named like a tunnel', before('dev tunl00: 12 0')],
    ['a route', before('route eth0\t00000000\t010011AC')],
    ['an IPv6 address', before('if_inet6 fe80000000000000 02 40 20 80 eth0')],
    ['an IPv6 route', before('ipv6_route 00000000000000000000000000000000 00 eth0')],
    ['an answer from outside', before('reached 10.0.0.1:80')],
    ['no devices at all', sealed.filter((line) => !line.startsWith('dev'))],
    ['no loopback', sealed.filter((line) => line !== 'dev lo: 0 0 0 0')],
    ['a place that cannot be written', sealed.filter((line) => line !== 'writable /box/workspace')],
    ['no end', sealed.slice(0, -1)],
    ['nothing', []],
  ])('fails with %s', (_, lines) => {
    expect(proofProblem(lines, 0)).toBeDefined();
  });

  it('fails when a listener saw a connection of which the box says nothing', () => {
    expect(proofProblem(sealed, 1)).toBeDefined();
  });
});

describe('a sink', () => {
  it('answers at its addresses, counts who comes, and is gone afterwards', async () => {
    const sink = await startSink();
    const [host, port] = [sink.addresses[0]?.split(':')[0], Number(sink.addresses[0]?.split(':')[1])];
    const reach = (): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connect({host: host ?? '', port});
        socket.once('connect', () => { socket.destroy(); resolve(true); }).once('error', () => { resolve(false); });
      });
    expect(await reach()).toBe(true);
    while (sink.came() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(sink.came()).toBe(1);
    await sink[Symbol.asyncDispose]();
    expect(await reach()).toBe(false);
  });
});
