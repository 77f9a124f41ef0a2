import {Flags} from '@oclif/core';
import {AppError} from '../../core/errors.js';
import type {Checkout} from '../../git/freeze/checkout.js';
import {RepositoryConfig} from '../../project/config-schema.js';
import {writeNewFiles, type WrittenFile} from '../../project/new-file.js';
import {checkoutLookup} from '../../project/stack/checkout-lookup.js';
import {chooseImage, chooseTestCommand} from '../../project/stack/choose.js';
import {detectStack} from '../../project/stack/detect.js';
import type {Fact, Stack} from '../../project/stack/fact.js';
import type {FileLookup} from '../../project/stack/lookup.js';
import {ask} from '../draft/ask.js';
import {BulkheadCommand} from '../command.js';
import {commandFile, configFile} from '../draft/init-files.js';
import {renderInit} from '../render/init.js';
import {treeLookup} from '../../project/stack/tree-lookup.js';
import {firstOpenTask, seeAgentOs, type SeenAgentOs} from '../../project/agent-os/seen.js';
import {readCheckout, treeAt} from '../wire.js';

/** What was seen and what was written. */
export interface InitResult {
  readonly stack: Stack;
  readonly image: string;
  /** The test command for a manifest; null when none was seen. */
  readonly testCommand: readonly string[] | null;
  readonly agentOs: boolean;
  /** What is in them: those of the commit, and one at the root that is not committed yet. */
  readonly agentOsFolders: readonly SeenAgentOs[];
  /** The first task of its lists that is not complete; null when none was understood. */
  readonly nextTask: {readonly path: string; readonly id: string} | null;
  readonly written: readonly WrittenFile[];
}

/** `init`: looks at the repository and writes `bulkhead.yml`. */
export default class Init extends BulkheadCommand<InitResult> {
  static override summary = 'look at the repository and write bulkhead.yml';
  static override description = 'Asks only what it cannot see; every question has a flag. In an Agent OS project it also writes a command file that runs Bulkhead.';
  static override flags = {
    image: Flags.string({helpValue: 'NAME', description: 'the image of every box: node, python, or any image on the engine'}),
    force: Flags.boolean({description: 'replace files that are there'}),
  };

  async run(): Promise<InitResult> {
    const {flags} = await this.parse(Init);
    const {directory, signal} = this.context(flags);
    const checkout = await readCheckout(directory, signal);
    const lookup = checkoutLookup(checkout.root, signal);
    const stack = await detectStack(lookup);
    const {image, because} = await decideImage(stack, flags.image, signal);
    const test = chooseTestCommand(stack, image);
    const seen = await lookForAgentOs(checkout, lookup, signal);
    const files = [configFile({image, because, test}), ...(seen.agentOs ? [commandFile] : [])];
    const written = await writeNewFiles(checkout.root, files, {force: flags.force});
    return this.finish({stack, image, testCommand: test?.value ?? null, ...seen, written});
  }

  protected render(result: InitResult): string {
    return renderInit(result, this.elsewhere);
  }
}

async function decideImage(stack: Stack, flag: string | undefined, signal: AbortSignal): Promise<{readonly image: string; readonly because: Fact | undefined}> {
  const choice = chooseImage(stack);
  if (flag === undefined && 'value' in choice) return {image: choice.value, because: choice.because};
  const why = 'why' in choice ? choice.why : '';
  const image = flag ?? (await ask({text: `Which image should boxes have (${why})? node, python, or any image on the engine:`, flag: '--image NAME', why, signal}));
  if (!RepositoryConfig.safeParse({image}).success) throw new AppError('USAGE', '--image: a name of 1 to 512 characters.');
  return {image, because: undefined};
}

async function lookForAgentOs(checkout: Checkout, onDisk: FileLookup, signal: AbortSignal): Promise<Pick<InitResult, 'agentOs' | 'agentOsFolders' | 'nextTask'>> {
  const tree = treeAt(checkout, checkout.head);
  const committed = (await tree.list(signal)).map(({path}) => path);
  const agentOsFolders = seeAgentOs(committed, (await onDisk.list('')).filter(({kind}) => kind === 'folder').map(({name}) => name));
  const atCommit = treeLookup(tree, signal);
  const nextTask = await firstOpenTask(agentOsFolders, async (path) => {
    const found = await atCommit.read(path);
    return 'text' in found ? found.text : undefined;
  });
  return {agentOs: agentOsFolders.length > 0, agentOsFolders, nextTask: nextTask ?? null};
}
