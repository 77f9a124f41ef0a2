import {memoryRow, processesRow} from '../../../src/sandbox/engine/probe-box.js';
import {diskRow} from '../../../src/sandbox/engine/probe-living.js';
import {isAppError} from '../../../src/core/errors.js';
import {unless, type BoxCase} from './case.js';
import {printed, sh, type BoxLab} from './lab.js';

/** Room for an honest command, and soon filled. */
const smallDisk = {memoryMiB: 384, cpus: 1, pids: 96, diskMiB: 96, inodes: 3000} as const;

async function fillDisk(lab: BoxLab, {script, limit}: {readonly script: string; readonly limit: 'disk' | 'inodes'}): Promise<readonly string[]> {
  await using victim = await lab.box({limits: smallDisk});
  await using bystander = await lab.box({limits: smallDisk});
  const end = await sh(victim, script).then(
    (result) => [`it was not ended, but ended with ${result.exitCode}`],
    (error: unknown) => unless(isAppError(error, 'ENGINE_FAILED') && error.details['ranInto'] === limit, `it ended with ${String(error)}`),
  );
  return [...end, ...unless(printed(await sh(bystander, 'echo alive')) === 'alive\n', 'another box did not outlive it')];
}

/** Much is written, and deleted again; never more than a third of the cap is there. */
const writeAndDelete = async (lab: BoxLab): Promise<readonly string[]> => {
  await using box = await lab.box({limits: smallDisk});
  const result = await sh(box, 'for n in 1 2 3 4 5 6; do head -c 30000000 /dev/zero >one; rm one; sleep 0.2; done; seq 1 900 | xargs touch');
  return unless(result.exitCode === 0, `an honest command ended with ${result.exitCode}`);
};

/** Two ends are right: the command was stopped and says which limit it met, or the box was lost with a code of ours. */
async function inBox(lab: BoxLab, {script, limit, timeoutMs}: {readonly script: string; readonly limit: 'memory' | 'processes'; readonly timeoutMs: number}): Promise<readonly string[]> {
  await using victim = await lab.box();
  await using bystander = await lab.box();
  const end = await sh(victim, script, {timeoutMs}).then(
    (result) => unless(result.ranInto.includes(limit), `it ended with ${result.exitCode} and did not meet the limit of ${limit}: ${JSON.stringify(printed(result).slice(-200))}`),
    (error: unknown) => unless(isAppError(error, 'ENGINE_FAILED'), `it ended with ${String(error)}`),
  );
  const other = printed(await sh(bystander, 'echo alive'));
  await victim.stop(lab.signal);
  return [...end, ...unless(other === 'alive\n', 'another box did not outlive it')];
}

async function honest(lab: BoxLab, script: string): Promise<readonly string[]> {
  await using box = await lab.box();
  const result = await sh(box, script);
  return unless(result.exitCode === 0 && result.ranInto.length === 0, `an honest command ended with ${result.exitCode}, and met ${result.ranInto.join(', ')}`);
}

const bomb = 'bomb() { bomb | bomb & }; bomb; while :; do sh -c "sleep 60" & done';
const gluttony = 'const all = []; for (;;) all.push(Buffer.alloc(4e6, 1));';
const node = (script: string): readonly string[] => ['node', '-e', script];

const cases: readonly BoxCase[] = [
  {
    row: 'C01',
    name: 'fork bomb in a box',
    needs: processesRow,
    attack: (lab) => inBox(lab, {script: bomb, limit: 'processes', timeoutMs: lab.full ? 20_000 : 4000}),
    twin: (lab) => honest(lab, 'for n in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2 & done; wait'),
  },
  {
    row: 'C01',
    name: 'fork bomb as the code under test',
    needs: processesRow,
    async attack(lab) {
      const ended = await lab.process(['/bin/sh', '-c', bomb], {timeoutMs: lab.full ? 20_000 : 4000});
      // At the limit a shell gives up by itself, or goes on until its time is over; it never ends as a success.
      return unless(ended.timedOut || ended.exitCode !== 0, 'a fork bomb ended as a success');
    },
    twin: async (lab) => unless((await lab.process(['/bin/sh', '-c', 'sleep 0.1 & wait'])).exitCode === 0, 'an honest process failed'),
  },
  {
    row: 'C02',
    name: 'heap of the code under test',
    needs: memoryRow,
    async attack(lab) {
      const {outOfMemory, exitCode} = await lab.process(node(gluttony));
      return unless(outOfMemory && exitCode !== 0, `it ended with ${exitCode} and is not told as out of memory`);
    },
    twin: async (lab) => {
      const ended = await lab.process(node('Buffer.alloc(2e7, 1)'));
      return unless(ended.exitCode === 0 && !ended.outOfMemory, `an honest process ended with ${ended.exitCode}`);
    },
  },
  {
    row: 'C02',
    name: 'tmpfs and heap in a box',
    needs: memoryRow,
    attack: (lab) => inBox(lab, {script: `for place in /tmp /home/agent /dev/shm; do head -c 1000000000 /dev/zero >"$place/fill" 2>/dev/null; done; exec node -e '${gluttony}'`, limit: 'memory', timeoutMs: 60_000}),
    twin: (lab) => honest(lab, 'head -c 10000000 /dev/zero >/tmp/fill && node -e 1'),
  },
];

/** Ends by themselves, at three times the cap or more, where nobody ends them. */
const disks: readonly BoxCase[] = [
  {
    row: 'C03',
    name: 'one file without an end',
    attack: (lab) => fillDisk(lab, {script: 'for n in $(seq 100); do head -c 4000000 /dev/zero >>one; sleep 0.05; done; sleep 5', limit: 'disk'}),
    twin: writeAndDelete,
  },
  {
    row: 'C03',
    name: 'deleted files that are still open',
    needs: diskRow,
    attack: (lab) =>
      fillDisk(lab, {script: 'perl -e \'my @held; for (1..100) { open my $f, ">", "f$_" or die; unlink "f$_"; print $f "x" x 4_000_000; $f->flush; push @held, $f; select undef, undef, undef, 0.05 } sleep 5\'', limit: 'disk'}),
    twin: writeAndDelete,
  },
  {
    row: 'C03',
    name: 'files without an end',
    attack: (lab) => fillDisk(lab, {script: 'perl -e \'for my $d (1..50) { mkdir "d$d"; for (1..200) { open my $f, ">", "d$d/$_" or die "$!" } select undef, undef, undef, 0.1 } sleep 5\'', limit: 'inodes'}),
    twin: writeAndDelete,
  },
];

/** What the command line may need for itself beside seven boxes is 300 MB; this process alone runs the case. */
const maxGrowth = 300_000_000;
const floodMs = (lab: BoxLab): number => (lab.full ? 60_000 : 3000);

/** The highest resident size of this process while something runs, above what it was before. */
async function growthDuring<T>(work: () => Promise<T>): Promise<{readonly value: T; readonly growth: number}> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 50);
  try {
    return {value: await work(), growth: most - before};
  } finally {
    clearInterval(timer);
  }
}

const flood = 'yes flood >&2 & yes flood';

const floods: readonly BoxCase[] = [
  {
    row: 'C04',
    name: 'flood of the code under test',
    async attack(lab) {
      let bytes = 0;
      const {value, growth} = await growthDuring(() => lab.process(['/bin/sh', '-c', flood], {timeoutMs: floodMs(lab), onStdout: (chunk) => void (bytes += chunk.length)}));
      const kept = value.stderr.head.length + value.stderr.tail.length;
      return [
        ...unless(value.timedOut && bytes > 1_000_000, 'it did not flood'),
        ...unless(kept <= 65_536, `${kept} bytes of stderr were kept`),
        ...unless(growth < maxGrowth, `this process grew by ${growth} bytes`),
      ];
    },
    twin: async (lab) => {
      const chunks: Uint8Array[] = [];
      const ended = await lab.process(['/bin/sh', '-c', 'echo out; echo err >&2'], {onStdout: (chunk) => void chunks.push(chunk)});
      return unless(Buffer.concat(chunks).toString() === 'out\n' && Buffer.from(ended.stderr.head).toString() === 'err\n', 'a short output is not complete');
    },
  },
  {
    row: 'C04',
    name: 'flood in a box',
    async attack(lab) {
      await using box = await lab.box();
      const {value, growth} = await growthDuring(() => sh(box, flood, {timeoutMs: floodMs(lab), maxBytes: 10_000}));
      const kept = [value.stdout, value.stderr].map((stream) => stream.head.length + stream.tail.length);
      const alive = printed(await sh(box, 'echo alive'));
      return [
        ...unless(kept.every((length) => length <= 10_000) && value.stdout.totalBytes > 100_000, `of its output ${kept.join(' and ')} bytes were kept`),
        ...unless(growth < maxGrowth, `this process grew by ${growth} bytes`),
        ...unless(alive === 'alive\n', 'the box did not outlive it'),
      ];
    },
    twin: async (lab) => {
      await using box = await lab.box();
      return unless(printed(await sh(box, 'yes word | head -n 3')) === 'word\nword\nword\n', 'a short output is not complete');
    },
  },
];

/** C01 to C04. */
export const limitCases: readonly BoxCase[] = [...cases, ...disks, ...floods];
