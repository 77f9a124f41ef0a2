import {startSink} from '../network-proof.js';
import {busyboxPath} from '../box-script.js';
import {alive, codeOf, expectSame, expectThat, file, out, sh, text, until, type ContractCase, type Lab, type LabBox} from './case.js';

function sealed(title: string, run: (lab: Lab, box: LabBox) => Promise<void>): ContractCase {
  return {
    title,
    needs: 'container',
    run: async (lab) => {
      await run(lab, await lab.shared());
      return undefined;
    },
  };
}

function ownBox(title: string, needs: ContractCase['needs'], run: (lab: Lab) => Promise<void>): ContractCase {
  return {
    title,
    needs,
    run: async (lab) => {
      await run(lab);
      return undefined;
    },
  };
}

/** Names that a shell, an engine or an image of ours gives; what is asked for comes on top. */
const knownNames = ['PATH', 'HOME', 'LANG', 'TZ', 'HOSTNAME', 'PWD', 'SHLVL', '_', 'OLDPWD', 'TERM', 'container', 'BULKHEAD_CALL'];

const seal: readonly ContractCase[] = [
  sealed('a command runs as the unprivileged user and no other group', async (lab, box) => {
    expectSame(await out(lab, box, 'id -u; id -g; id -G'), '10001\n10001\n10001\n', 'user and groups');
  }),
  sealed('a command has no capability, can get none and is filtered', async (lab, box) => {
    const zero = '0000000000000000';
    expectSame(
      await out(lab, box, 'grep -E "^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\\t"'),
      `CapInh:${zero}\nCapPrm:${zero}\nCapEff:${zero}\nCapBnd:${zero}\nCapAmb:${zero}\nNoNewPrivs:1\nSeccomp:2\n`,
      'the state of a process',
    );
  }),
  sealed('nothing of the image can be changed', async (lab, box) => {
    for (const place of ['/usr/bin/x', '/etc/passwd', '/x', '/var/x', '/opt/x']) expectThat((await sh(lab, box, `: >>${place}`)).exitCode !== 0, `${place} could be written`);
    expectSame(await out(lab, box, 'grep " / " /proc/mounts | grep -c " ro,"'), '1\n', 'the root is mounted read-only');
  }),
  sealed('programs can be written and run where a tool needs it', async (lab, box) => {
    const script = 'for d in /tmp "$HOME" /box/workspace; do printf "#!/bin/sh\\necho runs\\n" >$d/p; chmod +x $d/p; $d/p; rm $d/p; done';
    expectSame(await out(lab, box, script), 'runs\nruns\nruns\n', 'what ran');
  }),
  sealed('what is ours in a box can be read, but neither written nor replaced, and so can the workspace’s place', async (lab, box) => {
    const attempts = ['echo x >/opt/bulkhead/tools/busybox', 'rm -f /opt/bulkhead/tools/busybox', ': >/opt/bulkhead/new', ': >/box/tools/busybox', 'mv /box/workspace /box/w', 'mkdir /box/new', 'chmod 777 /box'];
    for (const attempt of attempts) expectThat((await sh(lab, box, `cd / && ${attempt}`)).exitCode !== 0, `this succeeded: ${attempt}`);
    expectSame(await out(lab, box, `${busyboxPath} echo works`), 'works\n', 'a tool of ours');
  }),
  sealed('a box has no network but its own loopback, and a listener on this machine hears nothing', async (lab, box) => {
    await using sink = await startSink();
    expectSame(await out(lab, box, 'tail -n +2 /proc/net/route | wc -l'), '0\n', 'routes');
    const tried = sink.addresses.map((address) => `${busyboxPath} nc -w 1 ${address.replace(':', ' ')} </dev/null && echo reached`).join('; ');
    expectSame(text((await sh(lab, box, `${tried}; true`)).stdout.head), '', 'what was reached');
    expectSame(sink.came(), 0, 'connections');
  }),
  sealed('the clock of a box is that of its engine, in UTC', async (lab, box) => {
    const [stamp = '', zone] = (await out(lab, box, 'date +%s; date +%Z')).split('\n');
    const {engine} = await lab.engine.clocks(lab.signal);
    expectSame(zone, 'UTC', 'the zone');
    // Two minutes: the time that one answer of a busy engine may take.
    expectThat(engine !== undefined && Math.abs(engine.getTime() / 1000 - Number(stamp)) < 120, 'the clocks differ, or the engine does not tell its own');
  }),
  ownBox('the environment is what was asked for and nothing of this machine’s', 'container', async (lab) => {
    const env = {MINE: 'yes', ODD: ' a=b "c" $HOME \u00fc', EMPTY: '', http_proxy: ''};
    const box = await lab.box([], {env});
    const seen = new Map((await out(lab, box, 'env -0 | tr "\\n\\0" " \\n"')).split('\n').flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const] : [])));
    expectSame(Object.keys(env).map((name) => seen.get(name)), Object.values(env), 'what was asked for');
    expectSame(['HOME', 'LANG', 'TZ'].map((name) => seen.get(name)), ['/home/agent', 'C.UTF-8', 'UTC'], 'home, language and zone');
    expectSame([...seen.keys()].filter((name) => !knownNames.includes(name) && !(name in env)), [], 'other names');
  }),
  ownBox('limits are those of the request, and running into one is told', 'container', async (lab) => {
    const box = await lab.box([], {limits: {memoryMiB: 128, cpus: 1, pids: 40}});
    const said = 'cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes; cat /sys/fs/cgroup/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids/pids.max';
    expectSame(await out(lab, box, said), `${128 * 1024 * 1024}\n40\n`, 'the limits');
    const greedy = await sh(lab, box, '', {argv: ['perl', '-e', 'my $x = "x" x (512 << 20); print length $x']});
    expectSame([greedy.exitCode, greedy.ranInto], [137, ['memory']], 'a command that wants too much memory');
    const forking = await sh(lab, box, '', {argv: ['perl', '-e', 'for (1..80) { my $p = fork; last unless defined $p; if (!$p) { sleep 1; exit } } exit 5']});
    expectSame([forking.exitCode, forking.ranInto], [5, ['processes']], 'a command that wants too many processes');
    await sh(lab, box, 'sleep 2');
    expectSame((await sh(lab, box, 'true')).ranInto, [], 'a modest command');
  }),
];

const life: readonly ContractCase[] = [
  ownBox('to stop a box ends what runs in it, and a dead box refuses commands at once', 'processes', async (lab) => {
    const box = await lab.box([]);
    const running = codeOf(sh(lab, box, ': >"$HOME/here"; sleep 7311'));
    await until(lab, box, 'test -e "$HOME/here"');
    await box.stop(lab.signal);
    expectSame(await running, 'ENGINE_FAILED', 'a command during which the box died');
    expectSame([await codeOf(sh(lab, box, 'true')), await codeOf(box.recall('x', lab.signal))], ['ENGINE_FAILED', 'ENGINE_FAILED'], 'a command and a recall afterwards');
    await box.stop(lab.signal);
    expectSame(await lab.engine.findBox(box.name, lab.signal), undefined, 'the dead box, looked for');
  }),
  ownBox('a box can be disposed twice, and its workspace stays', 'container', async (lab) => {
    const box = await lab.box([]);
    await box[Symbol.asyncDispose]();
    await box[Symbol.asyncDispose]();
    expectSame([await lab.engine.hasWorkspace(box.names, lab.signal), await lab.engine.findBox(box.name, lab.signal)], [true, undefined], 'workspace and box');
  }),
  ownBox('a killed session of the channel costs one result, not the box', 'container', async (lab) => {
    const box = await lab.box([]);
    expectSame((await sh(lab, box, 'kill -KILL $PPID; sleep 3')).exitCode, 255, 'the command that killed it');
    expectSame(await out(lab, box, 'echo again'), 'again\n', 'the next command');
  }),
  ownBox('an id that was used runs nothing again', 'container', async (lab) => {
    const box = await lab.box([]);
    await sh(lab, box, 'echo once >>times', {id: 'contract-twice'});
    expectSame((await sh(lab, box, 'echo once >>times', {id: 'contract-twice'})).exitCode, 255, 'the second call');
    expectSame(await out(lab, box, 'cat times'), 'once\n', 'what ran');
  }),
  ownBox('a box starts over what an earlier one of its name left', 'container', async (lab) => {
    const box = await lab.box([file('a', 'A')]);
    await out(lab, box, 'echo changed >a; echo more >b; (sleep 7312 &)');
    const next = await lab.engine.startBox(lab.request(box.names), lab.signal);
    expectSame(await out(lab, next, `cat a; ls; ${alive('7312')}`), 'Aa\n0\n', 'the new box');
  }),
  ownBox('without its snapshot or its image a box does not start, and leaves nothing', 'container', async (lab) => {
    const none = lab.names(`${lab.names('').box}-none`);
    expectSame(await codeOf(lab.engine.startBox(lab.request(none), lab.signal)), 'ENGINE_FAILED', 'without a snapshot');
    const names = lab.names(await lab.snapshot([]));
    const image = {...lab.image, id: `sha256:${'0'.repeat(64)}`};
    expectSame(await codeOf(lab.engine.startBox(lab.request(names, {image}), lab.signal)), 'IMAGE_MISSING', 'without an image');
    const left = (await lab.engine.leftovers(lab.signal)).map((item) => item.name);
    expectSame(left.filter((name) => [none.box, names.box].some((box) => name.startsWith(box))), [], 'what is left');
  }),
  ownBox('an image that is not there is named as such', 'container', async (lab) => {
    for (const reference of ['bulkhead/no-such-image:x', '../containers']) expectSame(await codeOf(lab.engine.lockImage(reference, lab.signal)), 'IMAGE_MISSING', reference);
  }),
  ownBox('what was made is listed with its owner, and removed one by one until nothing is left', 'container', async (lab) => {
    const box = await lab.box([file('a')]);
    const mine = async () => (await lab.engine.leftovers(lab.signal)).filter((item) => item.name.startsWith(box.names.box));
    const listed = await mine();
    expectSame([...new Set(listed.map(({runId, owner}) => `${runId} ${owner}`))], [`${lab.ownership.runId} ${lab.ownership.owner}`], 'the owners');
    expectThat(['container', 'volume'].every((kind) => listed.some((item) => item.kind === kind)), 'a container or a volume is not listed');
    for (const item of listed) await lab.engine.remove(item, lab.signal);
    for (const item of listed) await lab.engine.remove(item, lab.signal);
    expectSame(await mine(), [], 'what is left');
  }),
  ownBox('a removed workspace and a removed snapshot leave nothing, and can be removed again', 'container', async (lab) => {
    const box = await lab.box([file('removed')]);
    for (let round = 0; round < 2; round += 1) await lab.engine.removeWorkspace(box.names, lab.signal);
    expectSame(await lab.engine.hasWorkspace(box.names, lab.signal), false, 'whether it has the workspace');
    for (let round = 0; round < 2; round += 1) await lab.engine.removeSnapshot(box.names.snapshot, lab.signal);
    const left = (await lab.engine.leftovers(lab.signal)).map((item) => item.name);
    expectSame(left.filter((name) => name.startsWith(box.names.box) || name.startsWith(box.names.snapshot)), [], 'what is left');
  }),
];

/** How a box is sealed, and how it lives and ends. */
export const boxCases: readonly ContractCase[] = [...seal, ...life];
