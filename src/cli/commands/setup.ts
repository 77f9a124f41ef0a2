import {homedir} from 'node:os';
import {Flags} from '@oclif/core';
import {BulkheadCommand} from '../command.js';
import {prepareMachine} from '../wire.js';

type Prepared = Awaited<ReturnType<typeof prepareMachine>>;

/** `setup`: makes this machine ready: a container engine that answers, and the images. */
export default class Setup extends BulkheadCommand<Prepared> {
  static override summary = 'make this machine ready: a container engine and the images';
  static override flags = {
    yes: Flags.boolean({char: 'y', description: 'install and start an engine from the distribution’s packages where there is none (root, Debian or Ubuntu)'}),
    'for-tests': Flags.boolean({description: 'also what only the test suites need'}),
  };

  async run(): Promise<Prepared> {
    const {flags} = await this.parse(Setup);
    const {engine, say, signal} = this.context(flags);
    return this.finish(await prepareMachine({flag: engine, env: process.env, home: homedir(), yes: flags.yes, forTests: flags['for-tests'], say, signal}));
  }

  protected render({engine, images}: Prepared): string {
    return `Ready: ${engine.name} at ${engine.address} (API ${engine.apiVersion}); images ${images.map((image) => image.reference).join(', ')}.\n`;
  }
}
