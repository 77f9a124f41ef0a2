import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import {escapeText} from '../../core/escape.js';
import {writeDurably} from '../../record/durable.js';
import {refOf, type OpenConflict, type Run} from '../rooms.js';

/** What a person decided about a conflict that waited for them; a word on the command line of `resume`. */
export type ConflictAnswer =
  /** A commit of the user's repository in which the conflict is resolved. */
  | {readonly kind: 'resolution'; readonly commit: string}
  /** The submission of this specialist is left out, and is a finding. */
  | {readonly kind: 'leave-out'; readonly specialist: string};

/** How a conflict ended behind its owner. */
export type ConflictEnd = {readonly state: 'merged'; readonly commit: string} | {readonly state: 'left-out'};

const Ended = z.discriminatedUnion('state', [z.strictObject({state: z.literal('merged'), commit: z.string()}), z.strictObject({state: z.literal('left-out')})]);
const Tried = z.discriminatedUnion('state', [z.strictObject({state: z.literal('merged'), commit: z.string()}), z.strictObject({state: z.literal('conflicted'), paths: z.array(z.string()), why: z.string().optional()})]);

/**
 * The last two rungs: a neutral resolver, then a person. Without an answer of theirs the run parks with
 * CONFLICT_OPEN, which names a file with both sides and the commands. What is decided is a step: a resume asks nobody twice.
 */
export async function endConflict(run: Run, conflict: OpenConflict, signal: AbortSignal): Promise<ConflictEnd> {
  const resolved = await tryResolver(run, conflict, signal);
  if (resolved !== undefined) return {state: 'merged', commit: resolved};
  return run.steps.step<ConflictEnd>({
    name: `decide/${conflict.round}/${conflict.specialist}`,
    input: {onto: conflict.onto, submission: conflict.submission},
    names: {ref: refOf(run, `merged/${conflict.round}`)},
    schema: Ended,
    run: async () => {
      const {conflictAnswer: answer} = run;
      if (answer?.kind === 'leave-out' && answer.specialist === conflict.specialist) return {state: 'left-out'};
      if (answer?.kind !== 'resolution') throw await openConflict(run, conflict, undefined, signal);
      const ref = refOf(run, `resolution/${conflict.round}/${conflict.specialist}`);
      await run.rooms.repository.freeze({checkout: run.checkout, commit: answer.commit, ref, signal});
      const merged = await merge(run, conflict, {resolution: answer.commit, within: undefined}, signal);
      if (merged.state === 'conflicted') throw await openConflict(run, conflict, merged.why ?? 'The resolution cannot be merged.', signal);
      return {state: 'merged', commit: merged.commit};
    },
  });
}

async function tryResolver(run: Run, conflict: OpenConflict, signal: AbortSignal): Promise<string | undefined> {
  const resolution = await run.resolver.ask(run, conflict, signal);
  if (resolution === undefined) return undefined;
  const tried = await run.steps.step({
    name: `resolve/${conflict.round}/${conflict.specialist}`,
    input: {onto: conflict.onto, submission: conflict.submission, resolution},
    names: {ref: refOf(run, `merged/${conflict.round}`)},
    schema: Tried,
    run: () => merge(run, conflict, {resolution, within: conflict.paths}, signal),
  });
  return tried.state === 'merged' ? tried.commit : undefined;
}

async function merge(run: Run, {round, onto, submission, specialist}: OpenConflict, how: {readonly resolution: string; readonly within: readonly string[] | undefined}, signal: AbortSignal): Promise<z.infer<typeof Tried>> {
  const message = `Merge the submission of ${specialist}, resolved by ${how.within === undefined ? 'a person' : 'a resolver'}\n\nBulkhead-Run: ${run.id}\nBulkhead-Specialist: ${specialist}`;
  const merged = await run.rooms.repository.resolveMerge({onto, submission, ...how, ref: refOf(run, `merged/${round}`), message, date: run.startedAt, signal});
  if (merged.state === 'merged') return {state: 'merged', commit: merged.commit};
  return {state: 'conflicted', paths: [...merged.paths], ...(merged.why === undefined ? {} : {why: merged.why})};
}

async function openConflict(run: Run, conflict: OpenConflict, refused: string | undefined, signal: AbortSignal): Promise<AppError> {
  const file = run.files.conflict(`${conflict.round}-${conflict.specialist}`);
  await mkdir(dirname(file), {recursive: true, mode: 0o700});
  const {repository} = run.rooms;
  const diff = await repository.diffText(await repository.resolve(`${conflict.submission}^1`, signal), conflict.submission, signal);
  await writeDurably(file, run.rooms.redact.text(renderConflict({runId: run.id, repositoryDir: repository.directory, conflict, diff})));
  const paths = conflict.paths.slice(0, 5).map((path) => escapeText(path)).join(', ');
  return new AppError('CONFLICT_OPEN', `${refused === undefined ? '' : `${refused} `}The submission of ${conflict.specialist} conflicts in ${paths}${conflict.paths.length > 5 ? ` and ${conflict.paths.length - 5} more` : ''}, and nobody could resolve it. Both sides and the commands are in ${file}.`, {
    hint: `Resolve it, then \`bulkhead resume ${run.id} --resolution COMMIT\`, or go on without it: \`bulkhead resume ${run.id} --leave-out ${conflict.specialist}\`.`,
    details: {file, onto: conflict.onto, submission: conflict.submission, paths: conflict.paths.map((path) => escapeText(path))},
  });
}

/** Most characters of the diff in the file; the commands show all of it. */
const maxDiff = 40_000;

/** What a person needs to resolve a conflict: where, what the submission wanted, and the commands. Escaped; pure. */
export function renderConflict({runId, repositoryDir, conflict, diff}: {readonly runId: string; readonly repositoryDir: string; readonly conflict: OpenConflict; readonly diff: string}): string {
  const {onto, submission, specialist, paths, why} = conflict;
  const shown = diff.length > maxDiff ? `${diff.slice(0, maxDiff)}\n[… the rest of ${diff.length} characters was cut]` : diff;
  return [
    `# The submission of ${specialist} waits for you`,
    '',
    'git, the rules for files that are only added to, its owner and the resolver could not merge it. Nothing is lost.',
    ...(why === undefined ? [] : ['', `> ${escapeText(why)}`]),
    '',
    'In conflict:',
    ...paths.map((path) => `- ${escapeText(path)}`),
    '',
    '## Resolve it',
    '',
    'In a folder of its own; your checkout stays as it is:',
    '',
    `    git fetch ${quoted(repositoryDir)} ${onto} ${submission}`,
    `    git worktree add --detach ../resolve-${runId} ${onto}`,
    `    cd ../resolve-${runId}`,
    `    git merge --no-commit ${submission}    # resolve, then:`,
    '    git add -A && git commit -m "Resolve the conflict"',
    `    bulkhead resume ${runId} --resolution "$(git rev-parse HEAD)"`,
    '',
    'The result is verified like any other merge.',
    '',
    '## Or go on without it',
    '',
    `    bulkhead resume ${runId} --leave-out ${specialist}`,
    '',
    `## What ${specialist} changed`,
    '',
    ...escapeText(shown, {lines: true}).split('\n').map((line) => `    ${line}`),
    '',
  ].join('\n');
}

/** One word of a POSIX shell. */
function quoted(path: string): string {
  return `'${escapeText(path).replaceAll("'", "'\\''")}'`;
}
