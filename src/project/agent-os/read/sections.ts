import {adopt, draftOf, type Draft} from './draft.js';
import {isStatusField, readField} from '../text/fields.js';
import {readTable} from '../grammars/tables.js';
import {readLabel, type Label} from './labels.js';
import type {Criterion, Field, Mark, Problem} from '../model.js';
import {readStatus, readWords, statusMark} from './states.js';
import type {HeadingNode, ItemNode, Node, RowNode, TextNode} from '../text/nodes.js';

/** What stands under one heading, up to the next; the first section has none. */
export interface Section {
  readonly heading: HeadingNode | undefined;
  readonly level: number;
  /** Without what the heading says of a state. */
  readonly title: string;
  readonly label: Label | undefined;
  /** A list of criteria, not of tasks. */
  readonly checklist: boolean;
  /** Boxes and rows that hang on no other. */
  readonly entries: Draft[];
  /** Entries of lists without boxes; they are tasks only where a file has no box at all. */
  readonly items: Draft[];
  /** Fields outside of an entry, and the entry that stood before them. */
  readonly fields: {readonly field: Field; readonly after: Draft | undefined}[];
  readonly marks: Mark[];
  readonly problems: Problem[];
  readonly criteria: Criterion[];
  readonly blockLines: number[];
  lastLine: number;
}

const criteriaTitle = /^(?:\d{1,3}[.)] )?(?:acceptance criteria|success criteria|exit criteria|done criteria|definition of done|quality gates?|evidence required|(?:final |task |spec |deliverable )?(?:validation|verification|review|quality|completion|acceptance|success)(?: (?:and|&) (?:acceptance|validation|verification))? (?:checklist|criteria)|review & acceptance checklist|gates?)$/i;
/** Lines of the blocks that tell how a task ended, by the guide: they are no parts and no states of their own, but for the first of a blocked one. */
const blockLine = /^(?:\*\*)?(?:✅ (?:completed by|deliverables|tests|verification)|📊 metrics|📋 report|⚠\ufe0f? ?(?:blocking issue|blocked)|🔄 attempts|📝 recommendation|❌ verification)(?![\p{L}])/iu;
const blockerLine = /^(?:\*\*)?⚠\ufe0f? ?(?:blocking issue|blocked)(?![\p{L}])/iu;

interface Reading {
  readonly section: Section;
  /** Open entries, each with more indent than the one before. */
  readonly stack: Draft[];
  readonly itemStack: Draft[];
  readonly byNumber: Map<string, Draft>;
  last: Draft | undefined;
  table: RowNode[];
  zone: {readonly indent: number; readonly label: 'item' | 'text'; readonly owner: Draft | undefined} | undefined;
}

/** Reads nodes into sections, in the order of the file. */
export function readSections(nodes: readonly Node[]): readonly Section[] {
  const sections: Section[] = [];
  const byNumber = new Map<string, Draft>();
  let reading = startSection(undefined, byNumber);
  const close = (): void => {
    flushTable(reading);
    sections.push(reading.section);
  };
  for (const node of nodes) {
    if (node.kind === 'heading') {
      close();
      reading = startSection(node, byNumber);
      const {label} = reading.section;
      // Parts that follow belong to this heading, not to an older task of the same number.
      if (label !== undefined) byNumber.delete(label.id);
    } else take(reading, node);
    reading.section.lastLine = node.line.number;
  }
  close();
  return sections;
}

function startSection(heading: HeadingNode | undefined, byNumber: Map<string, Draft>): Reading {
  const words = heading === undefined ? undefined : readWords(heading.text);
  const text = heading?.text ?? '';
  const title = (words === undefined ? text : `${text.slice(0, words.start)}${text.slice(words.end)}`).trim();
  const plain = title.replace(/^[^\p{L}\p{N}[~*`]+/u, '');
  const section: Section = {
    heading,
    level: heading?.level ?? 0,
    title: plain,
    label: heading === undefined ? undefined : readLabel(plain),
    checklist: criteriaTitle.test(plain.replace(/[*:]/g, '').trim()),
    ...{entries: [], items: [], fields: [], marks: [], problems: [], criteria: [], blockLines: []},
    lastLine: heading?.line.number ?? 1,
  };
  return {section, stack: [], itemStack: [], byNumber, last: undefined, table: [], zone: undefined};
}

function take(reading: Reading, node: Exclude<Node, HeadingNode>): void {
  if (node.kind === 'row') {
    reading.table.push(node);
    return;
  }
  flushTable(reading);
  if (node.kind === 'item' && node.box !== undefined) takeBox(reading, node);
  else if (blockLine.test(node.text)) takeBlockLine(reading, node);
  else {
    const field = readField(node);
    if (field !== undefined) takeField(reading, node, field);
    else if (node.kind === 'item') takeItem(reading, node);
    else takeText(reading, node);
  }
}

function flushTable(reading: Reading): void {
  if (reading.table.length === 0) return;
  const drafts = readTable(reading.table);
  reading.table = [];
  if (reading.section.checklist) {
    reading.section.criteria.push(...drafts.map(criterionOf));
    return;
  }
  for (const draft of drafts) place(reading, draft);
  reading.stack.length = 0;
}

function takeBox(reading: Reading, node: ItemNode): void {
  const draft = draftOf({form: 'box', line: node.line, at: node.at, text: node.text, indent: node.indent, box: node.box});
  if (reading.zone !== undefined && !inZone(reading.zone, node, draft.label)) reading.zone = undefined;
  if (reading.section.checklist || reading.zone !== undefined) {
    (reading.zone?.owner?.criteria ?? reading.section.criteria).push(criterionOf(draft));
    extend(reading.zone?.owner, node);
    return;
  }
  place(reading, draft);
  if (draft.label === undefined && node.ordinal !== '') addOrdinal(draft, node.ordinal);
}

/** `1. [ ] Title` may be asked for as 1, and a part of it as 1.1; the count begins again in each list, so it is no id. */
function addOrdinal(draft: Draft, ordinal: string): void {
  const above = draft.parent?.label?.kind === 'number' ? draft.parent.label.id : draft.parent?.aliases.at(-1);
  if (draft.parent === undefined) draft.aliases.push(ordinal);
  else if (above !== undefined) draft.aliases.push(`${above}.${ordinal}`);
}

/** A box or a row that is no task. Without a box of its own a row tells its state in a cell. */
function criterionOf({title, marks, line}: Draft): Criterion {
  const box = marks.find((mark) => mark.kind === 'box');
  const putOff = marks.some((mark) => mark !== box && mark.state !== 'complete');
  return {text: title, ticked: box === undefined ? marks.some((mark) => mark.state === 'complete') : box.state === 'complete', line, box: putOff ? undefined : box?.span};
}

/** Criteria under a bold line go on until a box that has a label; those under an entry of a list are deeper than it. */
function inZone(zone: NonNullable<Reading['zone']>, node: ItemNode, label: Label | undefined): boolean {
  return zone.label === 'item' ? node.indent > zone.indent : label === undefined || (zone.owner !== undefined && node.indent > zone.indent);
}

function place(reading: Reading, draft: Draft): void {
  const {section, stack, byNumber} = reading;
  while (stack.length > 0 && (stack.at(-1)?.indent ?? 0) + (draft.label?.kind === 'number' && !draft.label.id.includes('.') ? 1 : 0) >= draft.indent) stack.pop();
  const above = stack.at(-1);
  const parent = draft.form === 'row' && draft.label?.kind !== 'number' ? undefined : parentOf(reading, draft, above);
  if (parent === undefined) section.entries.push(draft);
  else adopt(parent, draft);
  if (draft.label?.kind === 'number' && (parent === undefined || draft.label.id.includes('.'))) byNumber.set(draft.label.id, draft);
  stack.push(draft);
  reading.last = draft;
}

function parentOf({byNumber, section}: Reading, draft: Draft, above: Draft | undefined): Draft | undefined {
  const {label} = draft;
  if (label?.kind !== 'number' || !label.id.includes('.')) return above;
  const prefix = label.id.slice(0, label.id.lastIndexOf('.'));
  const known = byNumber.get(prefix);
  if (known === undefined && above === undefined && label.id.endsWith('.0')) {
    // `2.0 Complete the API` stands for the group 2 as a whole.
    draft.aliases.push(label.id);
    draft.label = {...label, id: prefix};
    return undefined;
  }
  const root = rootOf(section.entries.at(-1));
  const astray = known === undefined ? above?.label?.kind === 'number' : rootOf(known) !== root && root?.label?.kind === 'number' && root.label.id !== rootOf(known)?.label?.id;
  if (astray) draft.problems.push({kind: 'misplaced', line: draft.line, message: `${label.id} does not stand under a task of its number`});
  return known ?? above;
}

function rootOf(draft: Draft | undefined): Draft | undefined {
  let root = draft;
  while (root?.parent !== undefined) root = root.parent;
  return root;
}

function takeBlockLine(reading: Reading, node: ItemNode | TextNode): void {
  const owner = ownerOf(reading, node) ?? reading.last;
  (owner?.blockLines ?? reading.section.blockLines).push(node.line.number);
  if (blockerLine.test(node.text)) {
    const span = {offset: node.line.offset, length: node.line.text.length};
    (owner?.marks ?? reading.section.marks).push({kind: 'blocker', state: 'blocked', line: node.line.number, span, text: node.text});
  }
  extend(owner, node);
}

function takeField(reading: Reading, node: ItemNode | TextNode, field: Field): void {
  const owner = ownerOf(reading, node, true);
  if (owner === undefined) reading.section.fields.push({field, after: reading.last});
  else owner.fields.push(field);
  reading.zone = criteriaTitle.test(field.name) ? {indent: node.indent, label: node.kind, owner} : undefined;
  if (isStatusField(field)) addStatus(owner ?? reading.section, field);
  extend(owner, node);
}

function addStatus(owner: Draft | Section, field: Field): void {
  const said = readStatus(field.value);
  const problem = (kind: Problem['kind'], message: string): void => {
    owner.problems.push({kind, line: field.line, message});
  };
  // A status that is not understood says nothing: a task without any other mark is open.
  if (said !== undefined || field.value === '') owner.marks.push(statusMark('status', {line: field.line, offset: field.span.offset, text: field.value}, said ?? {state: 'open', mixed: false}));
  else problem('not-understood', `the status \`${field.value.slice(0, 60)}\` is not understood`);
  if (said?.mixed === true) problem('contradiction', 'its status says both that it is complete and that it is not');
}

function takeItem(reading: Reading, node: ItemNode): void {
  const owner = ownerOf(reading, node);
  extend(owner, node);
  const {zone, section, itemStack} = reading;
  if (section.checklist || (zone !== undefined && (zone.label === 'text' || node.indent > zone.indent))) {
    (zone?.owner?.criteria ?? section.criteria).push({text: node.text, ticked: undefined, line: node.line.number, box: undefined});
    return;
  }
  if (owner !== undefined) return;
  const draft = draftOf({form: 'item', line: node.line, at: node.at, text: node.ordinal === '' ? node.text : `${node.ordinal}. ${node.text}`, indent: node.indent, box: undefined});
  const shift = node.ordinal === '' ? 0 : node.ordinal.length + 2;
  for (const [index, mark] of draft.marks.entries()) draft.marks[index] = {...mark, span: {...mark.span, offset: mark.span.offset - shift}};
  while (itemStack.length > 0 && (itemStack.at(-1)?.indent ?? 0) >= node.indent) itemStack.pop();
  const above = itemStack.at(-1);
  if (above === undefined) section.items.push(draft);
  else adopt(above, draft);
  itemStack.push(draft);
}

function takeText(reading: Reading, node: TextNode): void {
  const owner = ownerOf(reading, node);
  extend(owner, node);
  if (owner === undefined && !node.joined) reading.zone = undefined;
}

/** The entry that a line belongs to by its indent, or because it goes on without a blank line; a field says more than that. */
function ownerOf({stack, last}: Reading, node: ItemNode | TextNode, field = false): Draft | undefined {
  if (!field && node.kind === 'text' && node.joined && last !== undefined && stack.length > 0) return last;
  while (stack.length > 0 && (stack.at(-1)?.indent ?? 0) >= node.indent) stack.pop();
  return stack.at(-1);
}

function extend(owner: Draft | undefined, node: Node): void {
  if (owner !== undefined) owner.lastLine = Math.max(owner.lastLine, node.line.number);
}
