import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {startTrafficServer, type ServedRequest} from '../../../src/agents/traffic/server.js';
import {fingerprint, isDelivery, pruneRun, startProject, type Ended, type Project} from '../../e2e/fixture.js';
import {startDriver, type Driver} from './machine/driver.js';
import {projectFiles, scenarioArgs, script} from './scenario.js';

/** Longest time for one command; a whole run takes ten seconds or so on two free cores. */
const limitMs = 240_000;

/** A fresh copy of the scenario: project, state folder, and its scripted model in this process, which no kill reaches. */
export interface Site extends AsyncDisposable {
  readonly project: Project;
  /** What `XDG_STATE_HOME` is for its commands. */
  readonly stateHome: string;
  /** Path of the engine's socket. */
  readonly socket: string;
  /** Every request for a turn that reached the model. */
  readonly requests: readonly ServedRequest[];
  /** Ids of the runs that were seen here; what they leave on the engine is removed with the site. */
  readonly runIds: Set<string>;
  /** Hash of the checkout before anything was done, but for what a delivery adds. */
  readonly before: string;
  /** Starts the run of the scenario. */
  startRun(): Driver;
  /** Starts another command. */
  start(...args: readonly string[]): Driver;
  /** Runs another command to its end. */
  command(...args: readonly string[]): Promise<Ended>;
  /** Removes the project; without it, it stays to be looked at. */
  remove(): Promise<void>;
}

/** Makes a site. Disposing ends the model and what is left on the engine, not the project. */
export async function startSite(socket: string, signal: AbortSignal): Promise<Site> {
  const project = await startProject(projectFiles);
  const traffic = await startTrafficServer(script, signal);
  const temporary = join(project.home, 'tmp');
  await mkdir(temporary);
  const model = {ANTHROPIC_BASE_URL: traffic.url, ANTHROPIC_API_KEY: 'scripted-traffic-needs-no-key'};
  const env = {...project.env, ...model, TMPDIR: temporary};
  const args = await scenarioArgs(project);
  const before = await fingerprint(project.directory, isDelivery);
  const runIds = new Set<string>();
  const start = (words: readonly string[]): Driver => startDriver({args: [...words, '--engine', `unix://${socket}`], cwd: project.directory, env, limitMs, signal});
  return {
    project,
    stateHome: join(project.home, 'state'),
    socket,
    requests: traffic.requests,
    runIds,
    before,
    startRun: () => start(args),
    start: (...words) => start(words),
    command: (...words) => start(words).ended,
    remove: async () => project[Symbol.asyncDispose](),
    async [Symbol.asyncDispose]() {
      await traffic[Symbol.asyncDispose]();
      // A failed point has said what was left; an engine that is gone has nothing.
      for (const runId of runIds) await pruneRun(runId, socket).catch(() => undefined);
    },
  };
}
