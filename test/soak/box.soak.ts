import {boxCases, tryCase, type CaseEnd} from './box/cases.js';
import {startBoxLab} from './box/lab.js';
import {tryWholeRun} from './box/whole-run.js';
import type {Soak} from './main.js';

const say = (text: string): void => void process.stdout.write(text);

/**
 * Every attack on a box that stands in the table, with its twin, on the engine's default runtime and under gVisor (where
 * `setup --for-tests` has registered it), and a whole run in boxes of gVisor. `--runtime NAME` takes one of both, `--only
 * ROW` one row (`run`: the whole run). What gVisor does not enforce on this engine is listed with the row of `doctor` that
 * says so.
 */
export const soak: Soak = async (args) => {
  const value = (flag: string): string | undefined => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
  const [wanted, only] = [value('--runtime'), value('--only')];
  const address = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const cases = boxCases.filter((one) => only === undefined || one.row === only);
  let [seen, failed] = [0, 0];
  const row = async (title: string, tried: () => Promise<CaseEnd>): Promise<void> => {
    const started = performance.now();
    const {state, problems} = await tried();
    seen += 1;
    if (state === 'failed') failed += 1;
    say(`${title.padEnd(60)} ${state.padEnd(6)} ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${problems.join('; ')}\n`);
  };
  for (const runtime of ['runc', 'runsc'].filter((name) => wanted === undefined || name === wanted)) {
    await using lab = await startBoxLab({address, runtime, full: true, signal: new AbortController().signal});
    say(`${runtime}: doctor says that it does not enforce: ${[...(await lab.lacks())].join(', ') || 'nothing'}\n`);
    for (const one of cases) await row(`${runtime.padEnd(6)} ${one.row} ${one.name}`, () => tryCase(lab, one, {isDefault: runtime === 'runc'}));
    if (runtime === 'runsc' && (only === undefined || only === 'run')) await row(`${runtime.padEnd(6)} run`, wholeRun);
  }
  return {seen, failed};
};

async function wholeRun(): Promise<CaseEnd> {
  const problems = await tryWholeRun();
  return {state: problems.length === 0 ? 'held' : 'failed', problems};
}
