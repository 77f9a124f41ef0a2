import {homedir} from 'node:os';
import {Flags} from '@oclif/core';
import {processOwner} from '../../record/driver/owner.js';
import {BulkheadCommand} from '../command.js';
import {namedEngine} from '../inputs/environment.js';
import {readModelKey} from '../inputs/model-key.js';
import {stateHome, userConfigFile} from '../places.js';
import {renderProbes} from '../render/doctor.js';
import {probeMachine, readGit} from '../wire.js';
import {readConfig} from '../../project/config.js';
import {isAppError} from '../../core/errors.js';

type Probe = Awaited<ReturnType<typeof probeMachine>>[number];

/** `doctor`: tries what a run needs of this machine, and says what to do about the rest. */
export default class Doctor extends BulkheadCommand<readonly Probe[]> {
  static override summary = 'check what a run needs of this machine, by trying it';
  static override flags = {
    deep: Flags.boolean({description: 'also try the whole contract of a box on this engine (a minute or more)'}),
  };

  async run(): Promise<readonly Probe[]> {
    const {flags} = await this.parse(Doctor);
    const {directory, engine, say, signal} = this.context(flags);
    const config = await readConfig({repositoryRoot: directory, userConfigFile: userConfigFile(process.env), signal});
    const probes = await probeMachine({
      flag: namedEngine({flag: engine, env: process.env, config}),
      env: process.env,
      home: homedir(),
      stateFolder: stateHome(process.env),
      git: readGit,
      runtime: {name: config.runtime.value, requireGvisor: config.requireGvisor.value},
      ownership: {runId: `doctor-${process.pid}`, owner: processOwner()},
      deep: flags.deep ? say : undefined,
      signal,
    });
    return this.finish([...probes, await probeKey(config.model.keyFile.value)]);
  }

  protected render(probes: readonly Probe[]): string {
    return renderProbes(probes);
  }

  protected override exitCode(probes: readonly Probe[]): number {
    return probes.some((probe) => probe.outcome === 'fail') ? 3 : 0;
  }
}

async function probeKey(keyFile: string | undefined): Promise<Probe> {
  try {
    await readModelKey(process.env, keyFile);
    return {name: 'model key', outcome: 'ok', message: 'there is one; no box ever has it'};
  } catch (error) {
    if (!isAppError(error)) throw error;
    return {name: 'model key', outcome: 'warn', message: error.message, fix: 'export ANTHROPIC_API_KEY=… (replayed runs need none)'};
  }
}
