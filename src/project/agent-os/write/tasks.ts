import {escapeText} from '../../../core/escape.js';
import type {Mark, Task, TaskList} from '../model.js';
import {everyTask, findTask, parseTasks} from '../tasks.js';
import {readLines, splitLines, type Line} from '../text/lines.js';
import {readNodes} from '../text/nodes.js';
import {blockerBlock, type Blocker} from './block.js';
import type {Completion} from './completion.js';
import {tickCriteria} from './criteria.js';
import {applyEdits, insertBehind, removeLines, withoutInner, type Edit} from './edits.js';
import {jsonStatus, statusLike} from './status.js';

/** A text that was written to, and what of it could not be written as asked. */
export interface Written {
  readonly text: string;
  readonly notes: readonly string[];
}

interface Writing {
  readonly list: TaskList;
  readonly lines: readonly Line[];
  readonly root: Task;
}

const nothingMore: Pick<Completion, 'block' | 'shows'> = {block: [], shows: () => false};

/**
 * The text with a task and all of its parts marked as complete by the rules of its dialect: boxes, Status lines, cells,
 * marks behind titles; what said that it was blocked or to do goes. A part that is marked as skipped stays, and so does
 * what contains it. Parents are never marked with their last part. The dialect of the guide gets the block below the
 * task, criteria that were shown their box. Nothing else changes to the byte. Throws TASK_NOT_FOUND.
 */
export function completeTask(text: string, id: string, {block, shows}: Pick<Completion, 'block' | 'shows'> = nothingMore): Written {
  const writing = startWriting(text, id);
  const {list, root} = writing;
  const left: Task[] = [];
  const targets = targetsOf(root, left);
  const marked = targets.flatMap((task) => completeMarks(task, writing));
  const ticked = tickCriteria(text, targets.flatMap((task) => task.criteria), shows);
  const edits = [...marked, ...ticked.edits, ...(list.dialect === 'slugs' && root.form === 'box' && targets.includes(root) ? blockEdits(writing, block) : [])];
  const notes = left.map((task) => `${escapeText(task.id)} is marked as skipped, so it and what contains it were not ticked.`);
  const stuck = targets.filter((task) => task.form === 'value' && task.marks.length === 0 && task.children.length === 0);
  return {text: applyEdits(text, withoutInner(edits)), notes: [...notes, ...ticked.notes, ...stuck.map((task) => `${escapeText(task.id)} has no status that could be set.`)]};
}

/**
 * The text with a task marked as blocked by the rules of its dialect: its box stays open, the next line names the issue;
 * task groups get the warning sign into their box besides, the guide's dialect its whole block, tables and Status lines
 * the word. Blocking again replaces what is there. Throws TASK_NOT_FOUND.
 */
export function blockTask(text: string, id: string, blocker: Blocker): Written {
  const writing = startWriting(text, id);
  const {list, lines, root} = writing;
  const edits = root.marks.flatMap((mark): readonly Edit[] => {
    if (mark.kind === 'box') return replace(mark, list.dialect === 'task-groups' || list.dialect === 'table' ? '⚠️' : ' ');
    if (mark.kind === 'status' || mark.kind === 'cell') return replace(mark, statusLike(mark.text, 'blocked'));
    if (mark.kind === 'value') return replace(mark, jsonStatus(list, 'blocked'));
    return mark.kind === 'words' ? replace(mark, '') : [];
  });
  const hasPlace = root.form !== 'row' && root.form !== 'value';
  const old = hasPlace ? removeLines(lines, root.blockLines) : [];
  const texts = blockerBlock(blocker, list.dialect === 'slugs').map((line) => `${partIndent(writing)}${line}`);
  const added = hasPlace ? [insertBehind(lines, lastOfTitle(writing), texts)] : [];
  const note = hasPlace ? [] : [`${escapeText(root.id)} has no place for the reason: ${blockerBlock(blocker, false)[0] ?? ''}`];
  return {text: applyEdits(text, [...withoutInner([...edits, ...old]), ...added]), notes: note};
}

/** The last line of a title that goes on in the next lines: a line between them would take the rest of it. */
function lastOfTitle({lines, list, root}: Writing): number {
  const nodes = new Map(readNodes(readLines(lines.map((line) => line.text).join('\n')).lines).map((node) => [node.line.number, node]));
  if (root.form === 'heading') return root.line;
  const said = new Set([...everyTask(list.tasks).flatMap((task) => [...task.fields, ...task.marks]).map(({line}) => line), ...root.blockLines]);
  let last = root.line;
  for (let node = nodes.get(last + 1); node?.kind === 'text' && node.joined && node.text !== '' && !said.has(last + 1); node = nodes.get(last + 1)) last += 1;
  return last;
}

function startWriting(text: string, id: string): Writing {
  const list = parseTasks(text);
  return {list, lines: splitLines(text), root: findTask(list, id)};
}

/** The task, when it may be ticked, and its parts; whoever asked for a task by its id wants it even when it was skipped. */
function targetsOf(root: Task, left: Task[]): readonly Task[] {
  const blockedBy = new Set<Task>();
  const parts = everyTask([root]);
  for (const task of [...parts].reverse()) {
    if (task !== root && task.state === 'skipped') {
      left.unshift(task);
      blockedBy.add(task);
    } else if (task.children.some((child) => blockedBy.has(child))) blockedBy.add(task);
  }
  const dropped = new Set(parts.filter((task) => task !== root && task.state === 'dropped').flatMap((task) => everyTask([task])));
  const skipped = new Set(left.flatMap((task) => everyTask([task])));
  return parts.filter((task) => !blockedBy.has(task) && !dropped.has(task) && !skipped.has(task));
}

function completeMarks(task: Task, writing: Writing): readonly Edit[] {
  const {list, lines} = writing;
  const boxed = task.marks.some((mark) => mark.kind === 'box' || mark.kind === 'status' || mark.kind === 'cell');
  const edits = task.marks.filter((mark) => mark.state !== 'complete').flatMap((mark): readonly Edit[] => {
    switch (mark.kind) {
      case 'box':
        return replace(mark, 'x');
      case 'words':
        return replace(mark, boxed ? '' : leads(mark, lines) ? '✅ ' : ' ✅');
      case 'status':
      case 'cell':
        return replace(mark, statusLike(mark.text, 'complete'));
      case 'value':
        return replace(mark, jsonStatus(list, 'complete'));
      case 'blocker':
        return removeLines(lines, blockerLines(task, mark.line));
      case 'strike':
        return [];
    }
  });
  const silent = task.marks.every((mark) => mark.kind === 'blocker');
  return silent && task.children.length === 0 && (task.form === 'heading' || task.form === 'item') ? [...edits, behindTitle(lines, task)] : edits;
}

function replace(mark: Mark, text: string): readonly Edit[] {
  return [{offset: mark.span.offset, length: mark.span.length, text}];
}

/** Whether a mark stands before its title: then only markup is before it in the line. */
function leads(mark: Mark, lines: readonly Line[]): boolean {
  const line = lines[mark.line - 1];
  return line !== undefined && /^[\s#>*_~+\-\d.)]*$/.test(line.text.slice(0, mark.span.offset - line.offset)) && line.text.slice(mark.span.offset - line.offset + mark.span.length).trim() !== '';
}

/** Behind the text of the line, before white space and closing `#`s. */
function behindTitle(lines: readonly Line[], task: Task): Edit {
  const line = lines[task.line - 1];
  const text = line?.text ?? '';
  let end = text.trimEnd().length;
  const closed = task.form === 'heading' ? /(?:^|[ \t])#{1,6}$/.exec(text.slice(Math.max(0, end - 8), end)) : null;
  if (closed !== null) end = text.slice(0, end - closed[0].trim().length).trimEnd().length;
  return {offset: (line?.offset ?? 0) + end, length: 0, text: ' ✅'};
}

/** A blocker and the lines of its block right below it. */
function blockerLines(task: Task, first: number): readonly number[] {
  const numbers = [first];
  for (let next = first + 1; task.blockLines.includes(next); next += 1) numbers.push(next);
  return numbers;
}

/** Replaces a block that is there already. It goes behind all that belongs to the task. */
function blockEdits(writing: Writing, block: readonly string[]): readonly Edit[] {
  const {lines, root} = writing;
  if (block.length === 0) return [];
  const old = new Set(everyTask([root]).flatMap((task) => task.blockLines));
  let last = root.lastLine;
  while (last > root.line && old.has(last)) last -= 1;
  return [...removeLines(lines, old), insertBehind(lines, last, block.map((line) => `${partIndent(writing)}${line}`))];
}

/** The white space before what belongs to a task: as its first part or detail has it, else two more than its own. */
function partIndent({lines, root}: Writing): string {
  const own = /^[ \t]*/.exec(lines[root.line - 1]?.text ?? '')?.[0] ?? '';
  if (root.form === 'heading') return '';
  const next = /^[ \t]*(?=\S)/.exec(lines[root.line]?.text ?? '')?.[0] ?? '';
  return root.lastLine > root.line && next.startsWith(own) && next.length > own.length ? next : `${own}  `;
}
