import {alive, codeOf, expectSame, expectThat, out, sh, text, until, type ContractCase, type Lab, type LabBox} from './case.js';

/** A case over the box that such cases share. */
function shared(title: string, run: (lab: Lab, box: LabBox) => Promise<void>): ContractCase {
  return {
    title,
    needs: 'processes',
    run: async (lab) => {
      await run(lab, await lab.shared());
      return undefined;
    },
  };
}

const output: readonly ContractCase[] = [
  shared('utf-8 that is written in parts arrives whole', async (lab, box) => {
    expectSame(await out(lab, box, 'printf "gr\\303"; sleep 0.1; printf "\\274n \\360\\237"; sleep 0.1; printf "\\214\\212"'), 'grün 🌊', 'stdout');
  }),
  shared('stdout and stderr are kept apart', async (lab, box) => {
    const {stdout, stderr} = await sh(lab, box, 'for i in 1 2 3; do echo out$i; echo err$i >&2; done');
    expectSame([text(stdout.head), text(stderr.head)], ['out1\nout2\nout3\n', 'err1\nerr2\nerr3\n'], 'the streams');
  }),
  shared('a hundred megabytes of output are cut to head and tail, with their true length and in bounded memory', async (lab, box) => {
    const before = process.memoryUsage.rss();
    const {stdout} = await sh(lab, box, 'printf START; head -c 100000000 /dev/zero | tr "\\0" x; printf END', {maxBytes: 1001});
    expectSame([stdout.totalBytes, stdout.head.length, stdout.tail.length], [100_000_008, 501, 500], 'the lengths');
    expectThat(text(stdout.head).startsWith('STARTxx') && text(stdout.tail).endsWith('xxEND'), 'the head or the tail is another part of the output');
    expectThat(process.memoryUsage.rss() - before < 64 * 1024 * 1024, 'this process grew with the output');
  }),
  shared('output of exactly the cap is not cut, one byte more is', async (lab, box) => {
    const lengths = async (bytes: number): Promise<readonly number[]> => {
      const {stdout} = await sh(lab, box, `head -c ${bytes} /dev/zero`, {maxBytes: 1000});
      return [stdout.head.length, stdout.tail.length, stdout.totalBytes];
    };
    expectSame([await lengths(1000), await lengths(1001)], [[1000, 0, 1000], [500, 500, 1001]], 'head, tail and total');
  }),
  shared('stderr has a cap of its own', async (lab, box) => {
    const {stdout, stderr} = await sh(lab, box, 'printf short; head -c 5000 /dev/zero >&2', {maxBytes: 100});
    expectSame([text(stdout.head), stderr.head.length + stderr.tail.length, stderr.totalBytes], ['short', 100, 5000], 'the streams');
  }),
  shared('every byte value passes through stdin and stdout', async (lab, box) => {
    const bytes = Buffer.alloc(256 * 64, Buffer.from(Array.from({length: 256}, (_, index) => index)));
    const {stdout} = await sh(lab, box, 'cat', {stdin: bytes});
    expectThat(bytes.equals(stdout.head), 'cat gave back other bytes');
  }),
  shared('five megabytes of stdin arrive byte by byte', async (lab, box) => {
    const {stdout} = await sh(lab, box, 'sha256sum | cut -c1-64', {stdin: Buffer.alloc(5_000_000, 'abcdefg\n')});
    expectSame(text(stdout.head), await out(lab, box, 'yes abcdefg | head -c 5000000 | sha256sum | cut -c1-64'), 'the hash');
  }),
  shared('no stdin and an empty stdin are at their end at once', async (lab, box) => {
    for (const stdin of [undefined, new Uint8Array(0)]) expectSame(text((await sh(lab, box, 'wc -c', {stdin})).stdout.head).trim(), '0', 'the bytes of stdin');
  }),
  shared('a command that does not read its stdin ends all the same', async (lab, box) => {
    expectSame((await sh(lab, box, 'exit 3', {stdin: Buffer.alloc(1_000_000)})).exitCode, 3, 'the exit code');
  }),
];

const endings: readonly ContractCase[] = [
  shared('every exit code from 0 to 255 comes back as it is', async (lab, box) => {
    const codes = Array.from({length: 256}, (_, code) => code);
    const seen: (readonly [number, boolean])[] = [];
    for (const code of codes) {
      const result = await sh(lab, box, `exit ${code}`);
      seen.push([result.exitCode, result.timedOut]);
    }
    expectSame(seen, codes.map((code) => [code, false]), 'exit code and timedOut');
  }),
  shared('a command that a signal ended has 128 and its number', async (lab, box) => {
    const seen: number[] = [];
    for (const name of ['HUP', 'KILL', 'TERM', 'SEGV']) seen.push((await sh(lab, box, `kill -${name} $$; sleep 5`)).exitCode);
    expectSame(seen, [129, 137, 143, 139], 'the exit codes');
  }),
  shared('a program that does not exist is 127', async (lab, box) => {
    expectSame((await sh(lab, box, '', {argv: ['no-such-program-anywhere']})).exitCode, 127, 'the exit code');
  }),
  shared('a child that holds stdout keeps nobody waiting', async (lab, box) => {
    const {exitCode, stdout, timedOut} = await sh(lab, box, 'sleep 7301 & echo started', {timeoutMs: 30_000});
    expectSame([exitCode, text(stdout.head), timedOut], [0, 'started\n', false], 'the end');
    await sh(lab, box, 'kill -KILL $(grep -lsz "^7301" /proc/[0-9]*/cmdline | cut -d/ -f3)');
  }),
  shared('at the time limit the whole process group ends, also what ignores SIGTERM', async (lab, box) => {
    const {exitCode, timedOut, stdout} = await sh(lab, box, 'trap "" TERM; sh -c \'trap "" TERM; sleep 7302\' & echo before; sleep 7303; sleep 7303', {timeoutMs: 1000});
    expectSame([exitCode, timedOut, text(stdout.head)], [124, true, 'before\n'], 'the end');
    expectSame(await out(lab, box, alive('730[23]')), '0\n', 'processes left');
  }),
  shared('at the time limit what forked twice or made a session of its own ends too', async (lab, box) => {
    expectSame((await sh(lab, box, '(setsid sh -c "trap \\"\\" TERM; sleep 7304" &) ; (sleep 7305 &) ; sleep 7306', {timeoutMs: 1000})).timedOut, true, 'timedOut');
    expectSame(await out(lab, box, alive('730[456]')), '0\n', 'processes left');
  }),
  shared('an abort ends a command with its children, and rejects with the reason', async (lab, box) => {
    const stop = new AbortController();
    const running = codeOf(sh(lab, box, 'sleep 7307 & : >"$HOME/here"; sleep 7308', {signal: AbortSignal.any([stop.signal, lab.signal])}));
    await until(lab, box, 'test -e "$HOME/here"');
    stop.abort(new Error('enough'));
    expectSame(await running, 'enough', 'the rejection');
    expectSame(await out(lab, box, `rm "$HOME/here"; ${alive('730[78]')}`), '0\n', 'processes left');
  }),
  shared('what was aborted before it began does not run', async (lab, box) => {
    expectSame(await codeOf(sh(lab, box, ': >"$HOME/ran"', {signal: AbortSignal.abort(new Error('enough'))})), 'enough', 'the rejection');
    expectSame((await sh(lab, box, 'test -e "$HOME/ran"')).exitCode, 1, 'whether it ran');
  }),
];

const words: readonly ContractCase[] = [
  shared('words with spaces, quotes, line breaks and nothing in them arrive as they are', async (lab, box) => {
    const odd = ['a b', "it's", '"', 'line\nbreak\n', '\\', '-n', 'ü🌊', ' ', ''];
    expectSame(text((await sh(lab, box, '', {argv: ['printf', '%s|', ...odd]})).stdout.head), odd.map((word) => `${word}|`).join(''), 'the words');
  }),
  shared('no word means anything to a shell', async (lab, box) => {
    const odd = ['$HOME', '$(id)', '`id`', '*', ';', '&&', '>x', '~', '{a,b}', '$$'];
    expectSame(text((await sh(lab, box, '', {argv: ['printf', '%s|', ...odd]})).stdout.head), odd.map((word) => `${word}|`).join(''), 'the words');
  }),
  shared('commands run beside each other', async (lab, box) => {
    const all = await Promise.all(Array.from({length: 8}, (_, index) => sh(lab, box, `sleep 0.3; echo ${index}; exit ${index}`)));
    expectSame(all.map(({exitCode, stdout}) => [exitCode, text(stdout.head)]), all.map((_, index) => [index, `${index}\n`]), 'the results');
  }),
  shared('a command runs where it was asked to, and nowhere when that is missing', async (lab, box) => {
    await out(lab, box, 'mkdir -p "in side/deep"; echo here >"in side/deep/mark"');
    expectSame(text((await sh(lab, box, 'cat mark', {cwd: 'in side/deep'})).stdout.head), 'here\n', 'what is there');
    const missing = await sh(lab, box, 'echo ran', {cwd: 'in side/none'});
    expectSame([missing.exitCode === 0, text(missing.stdout.head)], [false, ''], 'a missing directory');
    await out(lab, box, 'rm -r "in side"');
  }),
  shared('a directory that was replaced by a link leads nowhere but inside the box', async (lab, box) => {
    await out(lab, box, 'mkdir there; rmdir there; ln -s / there; ln -s /proc/self/fd/99 gone');
    expectSame(text((await sh(lab, box, 'pwd -P', {cwd: 'there'})).stdout.head), '/\n', 'where the link leads');
    expectThat((await sh(lab, box, 'true', {cwd: 'gone'})).exitCode !== 0, 'a link to nothing was entered');
    await out(lab, box, 'rm there gone');
  }),
];

const memory: readonly ContractCase[] = [
  shared('an earlier call is absent, running or done with its result', async (lab, box) => {
    expectSame((await box.recall('contract-never', lab.signal)).state, 'absent', 'a call that never was');
    const running = sh(lab, box, 'while [ ! -e "$HOME/go" ]; do sleep 0.05; done; echo out; echo err >&2; exit 3', {id: 'contract-slow'});
    while ((await box.recall('contract-slow', lab.signal)).state !== 'running') lab.signal.throwIfAborted();
    await out(lab, box, ': >"$HOME/go"');
    const result = await running;
    const {stdout, stderr, exitCode} = result;
    expectSame([exitCode, text(stdout.head), text(stderr.head)], [3, 'out\n', 'err\n'], 'the result');
    const recalled = await box.recall('contract-slow', lab.signal);
    expectSame(recalled, {state: 'done', result}, 'what is recalled');
    await out(lab, box, 'rm "$HOME/go"');
  }),
  shared('another adapter finds the box and what was called in it', async (lab, box) => {
    const {exitCode} = await sh(lab, box, 'exit 5', {id: 'contract-other'});
    const found = await lab.again().findBox(box.name, lab.signal);
    const recalled = await found?.recall('contract-other', lab.signal);
    expectSame([exitCode, recalled?.state === 'done' && recalled.result.exitCode], [5, 5], 'the exit codes');
    expectSame(found && text((await sh(lab, found, 'echo also')).stdout.head), 'also\n', 'a command by the other one');
  }),
];

/** What a command in a box can rely on. */
export const commandCases: readonly ContractCase[] = [...output, ...endings, ...words, ...memory];
