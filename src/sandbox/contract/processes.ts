import type {EndedProcess, ProcessRequest} from '../../core/sandbox.js';
import {codeOf, expectSame, expectThat, file, text, type ContractCase, type Lab} from './case.js';

interface Seen extends EndedProcess {
  readonly stdout: Buffer;
}

async function end(lab: Lab, script: string, more: Partial<ProcessRequest> = {}): Promise<Seen> {
  const chunks: Buffer[] = [];
  const snapshot = await lab.snapshot([file('a', 'content')], {name: `${lab.ownership.runId}-process`});
  const request = lab.process(snapshot, ['/bin/sh', '-c', script], {onStdout: (chunk) => chunks.push(Buffer.from(chunk)), ...more});
  const ended = await lab.engine.runProcess(request, lab.signal);
  expectSame(await leftOf(lab, request.names.box), [], 'what is left of it');
  return {...ended, stdout: Buffer.concat(chunks)};
}

async function leftOf(lab: Lab, box: string): Promise<readonly string[]> {
  return (await lab.engine.leftovers(lab.signal)).map((item) => item.name).filter((name) => name.startsWith(box));
}

function promise(title: string, run: (lab: Lab) => Promise<string | undefined>): ContractCase {
  return {title, needs: 'container', run};
}

const small = {memoryMiB: 64, cpus: 1, pids: 64};

/** What is seen of a process that has a container of its own. */
export const processCases: readonly ContractCase[] = [
  promise('a process runs in the workspace as the unprivileged user, and its exit code and both streams are told', async (lab) => {
    const {exitCode, timedOut, outOfMemory, stdout, stderr} = await end(lab, 'id -u; pwd; cat a; echo wrong >&2; exit 3');
    expectSame([exitCode, timedOut, outOfMemory], [3, false, false], 'the end');
    expectSame([text(stdout), text(stderr.head)], ['10002\n/box/workspace\ncontent', 'wrong\n'], 'the streams');
    return undefined;
  }),
  promise('five megabytes of a process’s output come completely and in order', async (lab) => {
    const {stdout} = await end(lab, 'seq -f %099.0f 0 49999');
    expectThat(stdout.length === 5_000_000 && text(stdout).trim().split('\n').every((line, index) => Number(line) === index), `${stdout.length} bytes came, or in another order`);
    return undefined;
  }),
  promise('thousands of tiny writes of a process come completely and in order', async (lab) => {
    const {stdout} = await end(lab, 'i=0; while [ $i -lt 20000 ]; do printf $((i % 10)); i=$((i + 1)); done');
    expectThat(text(stdout) === '0123456789'.repeat(2000), `${stdout.length} bytes came, or in another order`);
    return undefined;
  }),
  promise('of a process’s stderr head and tail are kept', async (lab) => {
    const {stderr} = await end(lab, '(printf FIRST; head -c 3000000 /dev/zero; printf LAST) >&2', {maxStderrBytes: 100});
    expectSame([text(stderr.head.subarray(0, 5)), text(stderr.tail.subarray(-4)), stderr.head.length + stderr.tail.length, stderr.totalBytes], ['FIRST', 'LAST', 100, 3_000_009], 'stderr');
    return undefined;
  }),
  promise('at its time limit a process is killed with its children', async (lab) => {
    const {timedOut, exitCode} = await end(lab, 'trap "" TERM; sleep 7321 & sleep 7321', {timeoutMs: 1500});
    expectSame([timedOut, exitCode], [true, 137], 'the end');
    return undefined;
  }),
  promise('a process that wants too much memory is ended and seen as that, one that kills itself is not', async (lab) => {
    const greedy = await end(lab, `exec perl -e 'my $x = "x" x (512 << 20); print length $x'`, {limits: small});
    expectSame([greedy.exitCode, text(greedy.stdout)], [137, ''], 'its end');
    const suicide = await end(lab, 'kill -KILL $$', {limits: small});
    expectSame([suicide.exitCode, suicide.outOfMemory], [137, false], 'one that kills itself');
    return greedy.outOfMemory ? undefined : 'it is ended, but the engine does not tell that memory was the cause';
  }),
  promise('a process is over when its main process is, whatever holds its output, and not before', async (lab) => {
    expectSame((await end(lab, 'sleep 7322 & exit 4')).exitCode, 4, 'with a child that holds the output');
    expectSame((await end(lab, 'exec >&- 2>&-; sleep 1; exit 5')).exitCode, 5, 'with its output closed');
    return undefined;
  }),
  promise('a process that is aborted rejects with the reason and leaves nothing', async (lab) => {
    const stop = new AbortController();
    const snapshot = await lab.snapshot([]);
    const request = lab.process(snapshot, ['/bin/sh', '-c', 'echo here; sleep 7323'], {onStdout: () => { stop.abort(new Error('enough')); }});
    expectSame(await codeOf(lab.engine.runProcess(request, AbortSignal.any([stop.signal, lab.signal]))), 'enough', 'the rejection');
    expectSame(await leftOf(lab, request.names.box), [], 'what is left of it');
    return undefined;
  }),
];
