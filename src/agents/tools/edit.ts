import {z} from 'zod';
import {workspacePath} from '../../core/sandbox.js';
import type {ToolOutcome} from '../conversation.js';
import {listDirectory, pathInWorkspace, readFile, writeFile, type FileProblem} from './edit-files.js';
import {cutOutput} from './output.js';
import {defineTool, failed, said, type Bench} from './tool.js';

const path = z.string().min(1);
const Edit = z.discriminatedUnion('command', [
  z.object({command: z.literal('view'), path, view_range: z.tuple([z.int(), z.int()]).optional()}),
  z.object({command: z.literal('create'), path, file_text: z.string()}),
  z.object({command: z.literal('str_replace'), path, old_str: z.string().min(1), new_str: z.string().default('')}),
  z.object({command: z.literal('insert'), path, insert_line: z.int().min(0), insert_text: z.string()}),
]);
type Edit = z.infer<typeof Edit>;
type Of<C extends Edit['command']> = Extract<Edit, {command: C}>;

/** Views and changes text files under the workspace. Bytes that a change does not touch stay as they are, whatever their encoding. */
export const editTool = defineTool({
  definition: {type: 'text_editor_20250728', name: 'str_replace_based_edit_tool'},
  inBox: true,
  input: Edit,
  run: async (input: Edit, bench): Promise<ToolOutcome> => {
    const target = pathInWorkspace(input.path);
    if (target === undefined) return failed(`${JSON.stringify(input.path)} is not a path under ${workspacePath}.`);
    switch (input.command) {
      case 'view':
        return view(input, target, bench);
      case 'create':
        return answer(await writeFile(bench, target, Buffer.from(input.file_text)), `Wrote ${target} (${Buffer.byteLength(input.file_text)} bytes).`);
      case 'str_replace':
        return replace(input, target, bench);
      case 'insert':
        return insert(input, target, bench);
    }
  },
});

async function view(input: Of<'view'>, target: string, bench: Bench): Promise<ToolOutcome> {
  const file = await readFile(bench, target);
  if (file.kind === 'directory') {
    if (input.view_range !== undefined) return failed(`${target} is a directory; view_range is for files.`);
    return listDirectory(bench, target);
  }
  if (file.kind === 'problem') return failed(file.text);
  // Before it is split: a secret may have several lines, and keeps their number.
  const lines = bench.redact.text(file.bytes.toString('utf8')).split('\n');
  if (lines.at(-1) === '') lines.pop();
  const [first, wanted] = input.view_range ?? [1, -1];
  const last = wanted === -1 ? lines.length : Math.min(wanted, lines.length);
  if (input.view_range !== undefined && (first < 1 || first > lines.length || last < first)) {
    return failed(`${target} has ${lines.length} lines; view_range [${first}, ${wanted}] is not within them.`);
  }
  if (lines.length === 0) return said(`[${target} is empty]`);
  return said(cutOutput(lines.slice(first - 1, last).map((line, index) => `${String(first + index).padStart(6)}\t${line}`).join('\n'), file.bytes.length));
}

async function replace(input: Of<'str_replace'>, target: string, bench: Bench): Promise<ToolOutcome> {
  const file = await readText(bench, target);
  if (file.kind === 'problem') return failed(file.text);
  const old = Buffer.from(input.old_str);
  const places = placesOf(file.bytes, old);
  const [at] = places;
  if (at === undefined) {
    const crlf = file.bytes.includes('\r\n') && !input.old_str.includes('\r\n') ? ' The file has CRLF line ends.' : '';
    return failed(`old_str was not found in ${target}; nothing was changed.${crlf}`);
  }
  if (places.length > 1) {
    const lines = places.slice(0, 20).map((place) => lineAt(file.bytes, place));
    return failed(`old_str was found ${places.length} times in ${target} (lines ${lines.join(', ')}); nothing was changed. Give more of its surroundings.`);
  }
  const bytes = Buffer.concat([file.bytes.subarray(0, at), Buffer.from(input.new_str), file.bytes.subarray(at + old.length)]);
  return answer(await writeFile(bench, target, bytes), `Replaced at line ${lineAt(file.bytes, at)} of ${target}.`);
}

async function insert(input: Of<'insert'>, target: string, bench: Bench): Promise<ToolOutcome> {
  const file = await readText(bench, target);
  if (file.kind === 'problem') return failed(file.text);
  const ends = [0, ...placesOf(file.bytes, Buffer.from('\n')).map((place) => place + 1)];
  const unended = file.bytes.length > 0 && file.bytes.at(-1) !== 0x0a;
  if (unended) ends.push(file.bytes.length);
  const at = ends[input.insert_line];
  if (at === undefined) return failed(`${target} has ${ends.length - 1} lines; insert_line ${input.insert_line} is not within them.`);
  const before = unended && at === file.bytes.length ? '\n' : '';
  const after = at < file.bytes.length && !input.insert_text.endsWith('\n') ? '\n' : '';
  const bytes = Buffer.concat([file.bytes.subarray(0, at), Buffer.from(before + input.insert_text + after), file.bytes.subarray(at)]);
  return answer(await writeFile(bench, target, bytes), `Inserted after line ${input.insert_line} of ${target}.`);
}

async function readText(bench: Bench, target: string): Promise<{readonly kind: 'file'; readonly bytes: Buffer} | FileProblem> {
  const file = await readFile(bench, target);
  return file.kind === 'directory' ? {kind: 'problem', text: `${target} is a directory.`} : file;
}

/** Every place of a text, overlapping ones too: which of them was meant could not be known. */
function placesOf(bytes: Buffer, part: Buffer): readonly number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(part); at !== -1; at = bytes.indexOf(part, at + 1)) places.push(at);
  return places;
}

function lineAt(bytes: Buffer, place: number): number {
  return placesOf(bytes.subarray(0, place), Buffer.from('\n')).length + 1;
}

function answer(problem: FileProblem | undefined, text: string): ToolOutcome {
  return problem === undefined ? said(text) : failed(problem.text);
}
