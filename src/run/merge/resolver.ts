import {z} from 'zod';
import {manifestOwners} from '../../core/manifest.js';
import {refOf, type OpenConflict, type Resolver, type Run} from '../rooms.js';
import {newSpecialist, workPhase, type Specialist} from '../work/work.js';

/** Characters at which a glob is not the path that it spells. */
const globCharacters = /[\\*?[\]{}()!@+|]/g;

/**
 * A specialist who wrote neither side, for all conflicts of a run. Each is one phase in a box whose files have git's markers:
 * it may write the files in conflict and nothing else, knows what both sides wanted, and remembers no conflict before it.
 * What it hands in is judged by who asked for it.
 */
export function startResolver(): Resolver {
  let resolver: Specialist | undefined;
  return {
    async ask(run, conflict, signal) {
      // A tree that would be unsafe is no question of lines.
      const commit = conflict.why === undefined ? await markConflict(run, conflict, signal) : undefined;
      if (commit === undefined) return undefined;
      const {repository, prompts} = run.rooms;
      const fork = await repository.resolve(`${conflict.submission}^1`, signal);
      const [merged, submitted] = [await repository.diffText(fork, conflict.onto, signal), await repository.diffText(fork, conflict.submission, signal)];
      const write = conflict.paths.map((path) => path.replace(globCharacters, '\\$&'));
      const stream = {specialist: nameOf(run), write, within: ['**'], owns: [...conflict.paths], closed: []};
      // Turns are counted, and tokens added up, over all of them.
      resolver = {...(resolver ?? newSpecialist(stream)), stream, conversation: []};
      const opening = prompts.resolve({task: run.task, specialist: conflict.specialist, paths: conflict.paths, merged, submitted});
      return (await workPhase(run, resolver, {phase: `resolve-${conflict.round}-${conflict.specialist}`, commit, opening}, signal)).commit;
    },
    worked: () => (resolver === undefined ? [] : [resolver]),
  };
}

/** `resolver`, unless the manifest has an owner of that name: nobody judges their own work. */
function nameOf(run: Run): string {
  const owners = manifestOwners(run.options.manifest);
  let name = 'resolver';
  while (owners.includes(name)) name = `neutral-${name}`;
  return name;
}

async function markConflict(run: Run, {round, specialist, onto, submission}: OpenConflict, signal: AbortSignal): Promise<string | undefined> {
  const ref = refOf(run, `marked/${round}/${specialist}`);
  const {commit} = await run.steps.step({
    name: `mark/${round}/${specialist}`,
    input: {onto, submission},
    names: {ref},
    schema: z.strictObject({commit: z.string().optional()}),
    run: async () => {
      const message = `The conflict of ${specialist}, unresolved\n\nBulkhead-Run: ${run.id}`;
      const marked = await run.rooms.repository.markConflict({onto, submission, ref, message, date: run.startedAt, signal});
      return marked === undefined ? {} : {commit: marked};
    },
  });
  return commit;
}
