import type {ExportEntry} from '../../../src/core/sandbox.js';
import {unless, type BoxCase} from './case.js';
import {printed, sh, type BoxLab} from './lab.js';

const tools = ['sh', 'git', 'tar', 'node', 'perl', 'busybox', 'setsid', 'cat', 'head', 'stat', 'sleep'];
/** Programs of the agent's own in front of all others, and a try at ours. */
const shadow = [
  'mkdir -p bin',
  `for tool in ${tools.join(' ')}; do printf '#!/bin/sh\\necho shadowed >>/tmp/shadowed\\nexit 0\\n' >bin/$tool; chmod 755 bin/$tool; done`,
  'cp bin/sh /opt/bulkhead/tools/busybox 2>/dev/null; cp bin/sh /bin/sh 2>/dev/null; cp bin/sh /usr/local/bin/node 2>/dev/null',
].join('\n');
const honestWork = 'printf changed >kept; rm gone; mkdir -p deep; printf new >deep/new';

/** What a box with files `kept` and `gone` exports after some work, as lines; and what the next call prints. */
async function workAndExport(lab: BoxLab, script: string): Promise<{readonly changes: readonly string[]; readonly next: string}> {
  const file = (path: string) => ({path, mode: 'file' as const, bytes: Buffer.from(path)});
  const names = {snapshot: await lab.snapshot([file('kept'), file('gone')]), box: lab.fresh('box')};
  await using box = await lab.box({names, env: {PATH: '/box/workspace/bin:/tmp/bin:/usr/local/bin:/usr/bin:/bin'}});
  await sh(box, script);
  const next = printed(await sh(box, `${honestWork}; [ -e /tmp/shadowed ] && echo shadowed; echo done`));
  await box.stop(lab.signal);
  const changes: string[] = [];
  for await (const entry of lab.engine.exportWorkspace({names, ownership: lab.ownership(), maxFileBytes: 1_000_000}, lab.signal)) changes.push(lineOf(entry));
  return {changes: changes.filter((line) => !line.includes(' bin/')).sort(), next};
}

function lineOf(entry: ExportEntry): string {
  return `${entry.kind} ${Buffer.from(entry.path).toString()} ${entry.kind === 'file' ? Buffer.from(entry.bytes).toString() : ''}`;
}

const expected = ['deleted gone ', 'file deep/new new', 'file kept changed'];

const shadowing: BoxCase = {
  row: 'C10',
  name: 'tools replaced in a writable PATH',
  async attack(lab) {
    const {changes, next} = await workAndExport(lab, shadow);
    // `rm`, `mkdir` and `printf` are not among the fakes, so the agent's own script does what it says.
    return [...unless(next.endsWith('done\n'), `the next call printed ${JSON.stringify(next)}`), ...unless(JSON.stringify(changes) === JSON.stringify(expected), `the export is ${JSON.stringify(changes)}`)];
  },
  twin: async (lab) => {
    const {changes, next} = await workAndExport(lab, 'true');
    return unless(next === 'done\n' && JSON.stringify(changes) === JSON.stringify(expected), `honest work is exported as ${JSON.stringify(changes)}`);
  },
};

/** Counts processes whose command line has a word; the pattern is not the word, so the search does not find itself. */
const count = (word: string): string => `cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -cx "[${word.slice(0, 1)}]${word.slice(1)}" || true`;

const stubborn: BoxCase = {
  row: 'C11',
  name: 'stubborn stop: no SIGTERM, double fork, setsid',
  async attack(lab) {
    await using box = await lab.box();
    await sh(box, 'trap "" TERM HUP INT; (setsid sh -c \'trap "" TERM HUP INT; (trap "" TERM; while :; do sleep 1; done) & while :; do sleep 1; done\' &) ; echo started');
    await box.stop(lab.signal);
    const {State} = await lab.docker.getContainer(box.names.box).inspect();
    const left = await lab.engine.findBox(box.names.box, lab.signal);
    return unless(!State.Running && State.Pid === 0 && left === undefined, `after its stop it is ${State.Status}`);
  },
  twin: async (lab) => {
    await using box = await lab.box();
    const {State} = await lab.docker.getContainer(box.names.box).inspect();
    return unless(State.Running, 'a box that nobody stopped does not run');
  },
};

const leftover: BoxCase = {
  row: 'C12',
  name: 'a call that times out and leaves children',
  async attack(lab) {
    await using box = await lab.box();
    const first = await sh(box, '(setsid sleep 7771 &); (trap "" TERM; sleep 7772) & trap "" TERM; sleep 7773', {timeoutMs: 1500});
    const alive = printed(await sh(box, [7771, 7772, 7773].map((word) => count(String(word))).join('; ')));
    const later = await sh(box, 'echo later >file && cat file');
    return [
      ...unless(first.timedOut && first.exitCode === 124, `the call ended with ${first.exitCode}`),
      ...unless(alive === '0\n0\n0\n', `of its processes there live ${JSON.stringify(alive)}`),
      ...unless(printed(later) === 'later\n' && later.exitCode === 0, 'a later call does not work'),
    ];
  },
  twin: async (lab) => {
    await using box = await lab.box();
    const first = await sh(box, 'sleep 7774 >/dev/null 2>&1 & echo started');
    const alive = printed(await sh(box, count('7774')));
    return unless(printed(first) === 'started\n' && alive === '1\n', 'a service that a call in time leaves behind does not live on');
  },
};

const serve = 'require("net").createServer((socket) => socket.end("secret of one")).listen(7788, "0.0.0.0", () => console.log("listening")); setTimeout(() => {}, 60000)';
const scan = (hosts: readonly string[]): string =>
  `const net = require("net"); let left = ${hosts.length}; for (const host of ${JSON.stringify(hosts)}) { const socket = net.connect({host, port: 7788}); socket.setTimeout(1500, () => socket.destroy()); socket.on("data", (data) => console.log("got " + host + " " + data)).on("error", () => {}).on("close", () => { left -= 1; if (left === 0) process.exit(); }); }`;

/** Where boxes of another run could be, had they a network: the bridges of the engine and their first addresses. */
async function neighbours(lab: BoxLab): Promise<readonly string[]> {
  const bridge = (await lab.docker.getNetwork('bridge').inspect()) as {readonly IPAM?: {readonly Config?: readonly {readonly Gateway?: string}[]}};
  const gateway = bridge.IPAM?.Config?.[0]?.Gateway ?? '172.17.0.1';
  const [a, b] = gateway.split('.');
  return [gateway, ...[2, 3, 4].map((last) => `${a}.${b}.0.${last}`)];
}

const crossRun: BoxCase = {
  row: 'C14',
  name: 'two runs look for each other',
  async attack(lab) {
    await using one = await lab.box();
    const other = {runId: lab.ownership().runId, owner: `other ${process.pid} 0`};
    await using two = await lab.box({ownership: other});
    await sh(one, `echo secret of one >/tmp/secret-of-one; echo secret of one >secret-of-one; (node -e '${serve}' >/tmp/listening 2>&1 &); for n in $(seq 100); do [ -s /tmp/listening ] && break; sleep 0.1; done`);
    const found = printed(await sh(two, `node -e '${scan(['127.0.0.1', ...(await neighbours(lab))])}'; ls /tmp /box/workspace | grep secret | sed 's/^/got /'; cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -o 'secret of [o]ne' | sed 's/^/got /'; echo end`));
    const shared = await sharedVolumes(lab, one.names.box, two.names.box);
    return [...unless(!found.includes('got '), found), ...unless(found.endsWith('end\n'), 'the search did not end'), ...shared.map((volume) => `both mount ${volume}`)];
  },
  twin: async (lab) => {
    await using one = await lab.box();
    await sh(one, `(node -e '${serve}' >/tmp/listening 2>&1 &); for n in $(seq 100); do [ -s /tmp/listening ] && break; sleep 0.1; done`);
    const found = printed(await sh(one, `node -e '${scan(['127.0.0.1'])}'`));
    return unless(found === 'got 127.0.0.1 secret of one\n', `a box does not reach itself: ${found}`);
  },
};

async function sharedVolumes(lab: BoxLab, one: string, two: string): Promise<readonly string[]> {
  const [first = [], second = []] = await Promise.all([one, two].map(async (name) => (await lab.docker.getContainer(name).inspect()).Mounts.map((mount) => mount.Name ?? mount.Source)));
  if (first.length === 0 || second.length === 0) return ['nothing, for no mount was seen'];
  return first.filter((volume) => second.includes(volume));
}

/** C10, C11, C12 and C14. */
export const conductCases: readonly BoxCase[] = [shadowing, stubborn, leftover, crossRun];
