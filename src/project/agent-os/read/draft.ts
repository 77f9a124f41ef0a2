import type {Criterion, Field, Mark, Problem, Task} from '../model.js';
import {cleanTitle, readLabel, type Label} from './labels.js';
import {blankLinks, boxState, isStruck, readWords} from './states.js';
import {boxSpan, type Box} from '../text/nodes.js';
import type {Line} from '../text/lines.js';

/** A task while its file is read: what is known of it grows. */
export interface Draft {
  readonly form: Task['form'];
  label: Label | undefined;
  id: string;
  title: string;
  readonly line: number;
  lastLine: number;
  readonly indent: number;
  parent: Draft | undefined;
  parallel: boolean;
  detail: string | undefined;
  readonly aliases: string[];
  readonly marks: Mark[];
  readonly fields: Field[];
  readonly criteria: Criterion[];
  readonly children: Draft[];
  readonly problems: Problem[];
  readonly blockLines: number[];
}

/** Where the text of a task stands. */
export interface DraftAt {
  readonly form: Draft['form'];
  readonly line: Line;
  /** Index in the line. */
  readonly at: number;
  readonly text: string;
  readonly indent: number;
  readonly box: Box | undefined;
}

/** A task from its own line: box, label, title, what the title says of its state, and the link to its details. */
export function draftOf({form, line, at, text, indent, box}: DraftAt): Draft {
  const words = readWords(text);
  const plain = words === undefined ? text : `${text.slice(0, words.start)}${text.slice(words.end)}`;
  const label = readLabel(plain);
  const title = withoutFlags(label?.title ?? cleanTitle(plain));
  const draft = emptyDraft({form, line: line.number, indent, label, title: title.text});
  draft.parallel = title.parallel;
  draft.detail = detailLink(text);
  if (box !== undefined) addBox(draft, line, box);
  if (words !== undefined) {
    const span = {offset: line.offset + at + words.start, length: words.end - words.start};
    draft.marks.push({kind: 'words', state: words.state, line: line.number, span, text: text.slice(words.start, words.end)});
    if (words.mixed) draft.problems.push({kind: 'contradiction', line: line.number, message: 'its title says both that it is complete and that it is not'});
  }
  if (isStruck(text) || isStruck(title.text)) draft.marks.push({kind: 'strike', state: 'dropped', line: line.number, span: {offset: line.offset + at, length: 0}, text: ''});
  return draft;
}

/** A task of which only its name is known. */
export function emptyDraft(known: {readonly form: Draft['form']; readonly line: number; readonly indent: number; readonly label: Label | undefined; readonly title: string}): Draft {
  const {form, line, indent, label, title} = known;
  const lists = {aliases: [], marks: [], fields: [], criteria: [], children: [], problems: [], blockLines: []};
  return {form, label, id: '', title: title === '' ? (label?.id ?? '') : title, line, lastLine: line, indent, parent: undefined, parallel: false, detail: undefined, ...lists};
}

/** Puts a part under its task. */
export function adopt(parent: Draft, child: Draft): void {
  child.parent = parent;
  parent.children.push(child);
}

/** A task and everything below it, in the order of the file. */
export function everyDraft(drafts: readonly Draft[]): readonly Draft[] {
  const all: Draft[] = [];
  const waiting = [...drafts].reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    all.push(next);
    for (let at = next.children.length - 1; at >= 0; at -= 1) {
      const child = next.children[at];
      if (child !== undefined) waiting.push(child);
    }
  }
  return all;
}

function addBox(draft: Draft, line: Line, box: Box): void {
  const state = boxState(box.inner);
  if (state === undefined) draft.problems.push({kind: 'not-understood', line: line.number, message: `the box \`[${box.inner}]\` is not understood and counts as open`});
  draft.marks.push({kind: 'box', state: state ?? 'open', line: line.number, span: boxSpan(line, box), text: box.inner});
}

/** `[P]` (may run beside its neighbours) and `[US1]` of GitHub's spec-kit are no part of a title. */
function withoutFlags(title: string): {readonly text: string; readonly parallel: boolean} {
  const flags = /^(?:\[(?:P|US\d{1,3})\][ \t]*){1,4}/.exec(title)?.[0] ?? '';
  return {text: title.slice(flags.length), parallel: flags.includes('[P]')};
}

/** The first link to a Markdown file. */
function detailLink(text: string): string | undefined {
  if (blankLinks(text) === text) return undefined;
  return /\]\((?:\.\/)?([^()\s#]{1,300}\.md)(?:#[^()\s]{0,100})?\)/i.exec(text)?.[1];
}
