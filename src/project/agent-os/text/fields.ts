import type {Field} from '../model.js';
import {readStatus} from '../read/states.js';
import type {Node} from './nodes.js';

const boldField = /^(\*\*|__)([^*_:：]{1,60}?)[ \t]*(?:[:：][ \t]*\1|\1[ \t]*[:：])[ \t]*/;
/** `**STATUS: PARTIALLY COMPLETED**` */
const wholeField = /^\*\*(status|dependencies|depends on|blocked by)[:：][ \t]*([^*]{1,400})\*\*$/i;
const plainField = /^(dependenc(?:y|ies)|depends on|blocked by|requires|status|action|files?|files? to (?:create|modify|delete)|acceptance criteria)[ \t]*[:：][ \t]*/i;

/** The field `**Name:** value` (or `Name: value` for the few names that steer tasks, or a line `**Name**` alone) that a line without a box is, or undefined. */
export function readField(node: Node): Field | undefined {
  if (node.kind === 'heading' || node.kind === 'row' || (node.kind === 'item' && node.box !== undefined)) return undefined;
  const whole = wholeField.exec(node.text);
  if (whole?.[1] !== undefined && whole[2] !== undefined) {
    return {name: whole[1].toLowerCase(), value: whole[2].trimEnd(), line: node.line.number, span: {offset: node.line.offset + node.at + whole[0].length - 2 - whole[2].length, length: whole[2].trimEnd().length}};
  }
  const title = node.kind === 'text' ? /^(?:\*\*|__)([^*_:：]{1,60})(?:\*\*|__)$/.exec(node.text)?.[1] : undefined;
  if (title !== undefined) return {name: title.trim().toLowerCase(), value: '', line: node.line.number, span: {offset: node.line.offset + node.at + node.text.length, length: 0}};
  const bold = boldField.exec(node.text);
  const plain = bold === null ? plainField.exec(node.text) : null;
  const name = bold?.[2] ?? plain?.[1];
  if (name === undefined) return undefined;
  const start = (bold ?? plain)?.[0].length ?? 0;
  const value = node.text.slice(start);
  // In a list of details a plain `Status:` may be about anything.
  if (bold === null && /^status$/i.test(name) && readStatus(value) === undefined) return undefined;
  return {name: name.trim().toLowerCase(), value, line: node.line.number, span: {offset: node.line.offset + node.at + start, length: value.length}};
}

/** Whether a field says what a task waits for. */
export function isDependencyField(field: Field): boolean {
  return /^(?:dependenc(?:y|ies)|depends on|blocked by|requires|prerequisites?)$/.test(field.name);
}

/** Whether a field says how far a task is. */
export function isStatusField(field: Field): boolean {
  return /^(?:status|task status)$/.test(field.name);
}
