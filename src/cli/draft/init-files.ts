import {escapeText} from '../../core/escape.js';
import type {NewFile} from '../../project/new-file.js';
import {configDefaults} from '../../project/config-schema.js';
import type {Choice} from '../../project/stack/choose.js';
import type {Fact} from '../../project/stack/fact.js';
import {yamlScalar} from './yaml-scalar.js';

/** What the written configuration is made of. */
export interface InitChoices {
  readonly image: string;
  /** The fact behind the image; undefined: a person said it. */
  readonly because: Fact | undefined;
  readonly test: Choice<readonly string[]> | undefined;
}

/** `bulkhead.yml` with the keys that its schema has; what else was seen stands in comments. Texts of the repository are one escaped line. */
export function configFile({image, because, test}: InitChoices): NewFile {
  const {limits} = configDefaults;
  const lines = [
    '# What this project tells Bulkhead about itself. All of it is optional; `bulkhead schema config` prints the exact form.',
    'schemaVersion: 1',
    '',
    `# The image of every box: node, python, or any image on the engine. ${because === undefined ? 'You named it.' : `Seen: ${seen(because)}.`}`,
    `image: ${yamlScalar(image)}`,
    '',
    '# Limits of one box. A repository may only ask for less than this.',
    `# limits: {memoryMiB: ${limits.memoryMiB}, cpus: ${limits.cpus}, pids: ${limits.pids}, diskMiB: ${limits.diskMiB}, inodes: ${limits.inodes}}`,
    '',
    '# What a specialist may write besides its deliverables. A repository can narrow the scope of a role, not widen it.',
    '# specialists:',
    '#   implementation: {scope: {write: ["src/**"]}}',
    '',
    test === undefined ? '# No test command was seen. A manifest needs one, under `tests`.' : `# The test command belongs into a manifest, under \`tests\`: ${oneLine(JSON.stringify(test.value))} (${seen(test.because)}).`,
    '',
  ];
  return {path: 'bulkhead.yml', text: lines.join('\n')};
}

/** A command file for the coding agent of an Agent OS project, beside those that Agent OS itself installs. */
export const commandFile: NewFile = {
  path: '.claude/commands/agent-os/bulkhead.md',
  text: `---
description: Do a task of a tasks file with Bulkhead, in sealed containers, and have it verified
argument-hint: FILE#ID
---

# Do a task with Bulkhead

The task is \`$ARGUMENTS\`: a tasks file and the id of one task, such as \`.agent-os/specs/2026-01-15-export/tasks.md#1\`.
If it is missing, ask which task; do not choose one.

1. A manifest must say what has to exist and hold afterwards. If there is none for this task, run
   \`bulkhead plan --from "$ARGUMENTS" --output bulkhead-manifest.yml\`, and have the person fill in what it leaves open.
   Do not commit to anything there on the person's behalf.
2. Run \`bulkhead run --from "$ARGUMENTS" --manifest bulkhead-manifest.yml\` and let it end.
3. Tell the verdict as it was printed. Only \`verified\` means done: then the result branch holds the work, with the task
   ticked. With any other verdict, show the findings.

Never tick the task yourself, never edit the report, and do not do the work outside of Bulkhead when it is blocked.
`,
};

function seen({file, seen: what, certainty}: Fact): string {
  return oneLine(`${file}, ${what}, ${certainty}`);
}

/** A line break in a comment would be configuration. */
function oneLine(text: string): string {
  return escapeText(text).slice(0, 300);
}
