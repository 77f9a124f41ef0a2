import {filterRow} from '../../../src/sandbox/engine/probe-box.js';
import {gains, grabCase, toEnd, unless, type BoxCase, type Grab} from './case.js';
import {printed, sh, type BoxLab} from './lab.js';

/** What a container is opened with to show that the calls below do something. */
const powers = {CapAdd: ['SYS_ADMIN', 'SYS_PTRACE'], SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'], MaskedPaths: [], ReadonlyPaths: []};
/** Numbers of bpf(2) and keyctl(2) on x86_64 and on aarch64. `got`: the call was not refused; ENOSYS, EPERM and EACCES are refusals. */
const call = (what: string, x86: number, arm: number, rest: string): string =>
  `perl -e 'my $a = "\\0" x 128; my $n = \`uname -m\` =~ /x86_64/ ? ${x86} : ${arm}; my $r = syscall($n, ${rest}); print "got ${what}\\n" if $r >= 0 || !($! == 1 || $! == 13 || $! == 38)'`;
/** Opened for appending, and nothing written: a case that does not hold must not harm the machine. */
const writable = (files: readonly string[]): string => `for file in ${files.join(' ')}; do (: >>"$file") 2>/dev/null && echo "got $file"; done`;

const grabs: readonly Grab[] = [
  {row: 'C05', name: 'mount', script: 'mkdir -p /tmp/m; mount -t tmpfs none /tmp/m 2>/dev/null && echo got mount', open: {host: powers, gets: ['mount']}},
  {row: 'C05', name: 'raw socket', script: 'perl -e \'print "got raw socket\\n" if socket(S, 2, 3, 1)\'', open: {host: powers, gets: ['raw socket']}},
  {row: 'C05', name: 'unshare -U', needs: filterRow, script: 'unshare -U true 2>/dev/null && echo got user namespace', open: {host: powers, gets: ['user namespace']}},
  {row: 'C05', name: 'mknod', needs: filterRow, script: 'mknod /tmp/null c 1 3 2>/dev/null && echo got device', open: {host: powers, gets: ['device']}},
  {row: 'C05', name: 'bpf', script: call('bpf', 321, 280, '0, $a, 128'), open: {host: powers, gets: ['bpf']}},
  {row: 'C05', name: 'keyctl', script: call('keyctl', 250, 219, '0, -3, 1'), open: {host: powers, gets: ['keyctl']}},
  {
    row: 'C07',
    name: 'writes to proc, sys and cgroup',
    script: writable(['/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', '/proc/sys/kernel/modprobe', '/proc/sys/vm/drop_caches', '/sys/kernel/uevent_helper', '/sys/fs/cgroup/release_agent', '/sys/fs/cgroup/*/release_agent', '/sys/fs/cgroup/*/cgroup.procs', '/sys/fs/cgroup/cgroup.procs']),
    open: {host: powers, gets: ['/proc/sys/kernel/core_pattern']},
  },
];

const huntSockets = [
  'find / -xdev -type s 2>/dev/null | sed "s/^/got /"',
  'for file in /var/run/docker.sock /run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock; do [ -e "$file" ] && echo "got $file"; done',
  'env | grep -iE "^(SSH_AUTH_SOCK|SSH_AGENT_PID|GPG_AGENT_INFO|DBUS_.*|DOCKER_.*|CONTAINER_HOST|[a-z]*_proxy)=" | sed "s/^/got /"',
  'tail -n +2 /proc/net/unix | grep . | sed "s/^/got /"',
].join('\n');

const socketHunt: BoxCase = {
  row: 'C08',
  name: 'socket hunt',
  attack: grabCase({row: 'C08', name: '', script: huntSockets, open: {gets: []}}).attack,
  twin: async (lab) => {
    const got = gains(await lab.open({script: toEnd(huntSockets), host: {Binds: [`${lab.socket}:/var/run/docker.sock`]}}));
    return unless(got.includes('got /var/run/docker.sock'), `a socket that is there was not found: ${got.join(', ')}`);
  },
};

const huntKey = (canary: string): string =>
  [
    // The hunter's own command line and environment hold the word in two parts.
    `word=${canary.slice(0, 8)}; word="$word"${canary.slice(8)}`,
    'env | grep -F "$word" | sed "s/^/got /"',
    'grep -lsF "$word" /proc/[0-9]*/environ | sed "s/^/got /"',
    'grep -rlsF --devices=skip "$word" /tmp /home /root /etc /opt /var /run/secrets /box 2>/dev/null | sed "s/^/got /"',
  ].join('\n');

/** The canary is in the environment of this process, as the user's key is in that of the command line. */
async function huntCanary(lab: BoxLab, give: (canary: string) => Readonly<Record<string, string>>): Promise<readonly string[]> {
  const canary = `canary-${lab.fresh('key')}`;
  const before = process.env['ANTHROPIC_API_KEY'];
  process.env['ANTHROPIC_API_KEY'] = canary;
  try {
    await using box = await lab.box({env: give(canary)});
    return gains(printed(await sh(box, toEnd(huntKey(canary)))));
  } finally {
    if (before === undefined) delete process.env['ANTHROPIC_API_KEY'];
    else process.env['ANTHROPIC_API_KEY'] = before;
  }
}

const keyHunt: BoxCase = {
  row: 'C09',
  name: 'hunt for the key of this process',
  attack: (lab) => huntCanary(lab, () => ({})),
  twin: async (lab) => {
    const got = await huntCanary(lab, (canary) => ({TOKEN: canary}));
    return unless(got.some((line) => line.startsWith('got TOKEN=')), `a key that is there was not found: ${got.join(', ')}`);
  },
};

/** An image with `id` as a program of root's with the setuid bit. It prints the effective user. */
async function withPlanted<T>(lab: BoxLab, use: (image: string) => Promise<T>): Promise<T> {
  const container = await lab.docker.createContainer({name: lab.fresh('plant'), Image: lab.image.id, User: '0:0', Entrypoint: ['/bin/sh', '-c', 'cp /usr/bin/id /planted && chmod 4755 /planted'], HostConfig: {NetworkMode: 'none'}});
  try {
    await container.start();
    await container.wait();
    const {Id: image} = (await container.commit({repo: lab.fresh('planted')})) as {Id: string};
    try {
      return await use(image);
    } finally {
      await lab.docker.getImage(image).remove({force: true});
    }
  } finally {
    await container.remove({force: true, v: true});
  }
}

const planted = '[ "$(/planted -u)" = 0 ] && echo got root; [ -u /planted ] && echo "the bit is there"';

const setuid: BoxCase = {
  row: 'C06',
  name: 'planted setuid program',
  attack: (lab) =>
    withPlanted(lab, async (id) => {
      await using box = await lab.box({image: await lab.engine.lockImage(id, lab.signal)});
      const output = printed(await sh(box, toEnd(planted)));
      return [...gains(output), ...unless(output.includes('the bit is there'), 'the program lost its bit before the attack')];
    }),
  twin: (lab) =>
    withPlanted(lab, async (image) => {
      const got = gains(await lab.open({image, user: '10001:10001', script: toEnd(planted)}));
      return unless(got.includes('got root'), `without walls the program gives no privilege: ${got.join(', ')}`);
    }),
};

/** C05 to C09. */
export const wallCases: readonly BoxCase[] = [...grabs.map(grabCase), setuid, socketHunt, keyHunt];
