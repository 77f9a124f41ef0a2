import {relativePath, type Naming} from './host-path.js';
import type {Deliverable, Problem} from './model.js';
import {readField} from './text/fields.js';
import type {ItemNode, Node, RowNode} from './text/nodes.js';

type Action = Deliverable['action'];
/** What the list at hand is: files to make or change, or files that are only to be read. */
type Mode = Action | 'inputs';

/** What a file promises, and which of its paths cannot be used. */
export interface Promised {
  readonly deliverables: readonly Deliverable[];
  readonly problems: readonly Problem[];
}

interface Base {
  readonly mode: Mode;
  /** Of the heading; 7 for a bold line. */
  readonly level: number;
}

interface Reading {
  readonly naming: Naming;
  readonly found: Deliverable[];
  readonly problems: Problem[];
  base: Base | undefined;
  /** A list below an entry such as `- **Files to Create**:`. */
  below: {readonly mode: Mode; readonly indent: number} | undefined;
}

const fileNoun = /\b(?:files?|deliverables?|artifacts?|paths?|scripts?|tests?|migrations?|components?|documents?|folders?|director(?:y|ies))\b/;
const plainNoun = /\b(?:files?|deliverables?|artifacts?|file paths?)\b/;
const making = /\b(?:creat(?:e|es|ed|ion|ing)|new|add(?:ed|s)?|generated?|written)\b/;
const changing = /\b(?:modif(?:y|ies|ied)|modifications?|update[ds]?|change[ds]?|edit(?:ed|s)?|extend(?:ed)?)\b/;
const removing = /\b(?:delete[ds]?|remove[ds]?)\b/;
const inputs = /\b(?:references?|related|read|review|consult|context|existing|inputs?|available|dependenc(?:y|ies)|out of scope|do not|missing)\b/;

/**
 * The files that a text promises: lists under headings and bold lines such as `Files to Create`, `File to Create`,
 * `Migration Script Files to Create`, `Files to be modified`, `Deliverables`, and pairs of `File` and `Action`. Files to
 * reference and related files are inputs. A file without such a list promises nothing, which is for the caller to judge.
 */
export function readDeliverables(nodes: readonly Node[], naming: Naming = {}): Promised {
  const reading: Reading = {naming, found: [], problems: [], base: undefined, below: undefined};
  for (const node of nodes) take(reading, node);
  const first = new Map<string, number>();
  const once = reading.found.filter(({path, line}) => {
    const known = first.get(path);
    first.set(path, known ?? line);
    return known === undefined;
  });
  return {deliverables: once, problems: reading.problems};
}

function take(reading: Reading, node: Node): void {
  if (node.kind === 'heading') {
    const mode = modeOf(node.text);
    if (mode !== undefined || reading.base === undefined || node.level <= reading.base.level) reading.base = mode === undefined ? undefined : {mode, level: node.level};
    reading.below = undefined;
    return;
  }
  if (node.kind === 'row') {
    if (reading.base !== undefined && reading.base.mode !== 'inputs') takeRow(reading, node, reading.base.mode);
    return;
  }
  const field = readField(node);
  if (field !== undefined) takeField(reading, node, field);
  else if (node.kind === 'item') takeItem(reading, node);
}

function takeField(reading: Reading, node: Exclude<Node, RowNode>, field: {readonly name: string; readonly value: string}): void {
  const mode = modeOf(field.name);
  if (node.kind === 'text') {
    if (mode !== undefined || (reading.base?.level ?? 7) === 7) reading.base = mode === undefined ? undefined : {mode, level: 7};
    reading.below = undefined;
  } else if (reading.below === undefined || node.indent <= reading.below.indent) reading.below = mode === undefined ? undefined : {mode, indent: node.indent};
  const action = /^action$/.test(field.name) ? actionIn(field.value) : undefined;
  const last = reading.found.at(-1);
  if (action !== undefined && last !== undefined && node.line.number - last.line <= 8) reading.found[reading.found.length - 1] = {...last, ...action};
  if (mode !== undefined && mode !== 'inputs') addPaths(reading, {text: field.value, line: node.line.number, mode, bare: true});
}

function takeItem(reading: Reading, node: ItemNode): void {
  if (reading.below !== undefined && node.indent <= reading.below.indent) reading.below = undefined;
  const mode = reading.below?.mode ?? reading.base?.mode;
  if (mode !== undefined && mode !== 'inputs') addPaths(reading, {text: node.text, line: node.line.number, mode, bare: true});
}

function takeRow(reading: Reading, node: RowNode, mode: Action): void {
  const cell = node.cells.find(({text}) => writtenPaths(text, text.includes('/')).length > 0);
  const action = node.cells.map(({text}) => /^[\p{L} ]{3,20}$/u.test(text) ? actionIn(text) : undefined).find((found) => found !== undefined);
  if (cell !== undefined) addPaths(reading, {text: cell.text, line: node.line.number, mode: action?.action ?? mode, bare: cell.text.includes('/')});
}

function addPaths(reading: Reading, at: {readonly text: string; readonly line: number; readonly mode: Action; readonly bare: boolean}): void {
  const said = /^(?:create|add|new|modify|update|edit|delete|remove)\b/i.exec(at.text)?.[0] ?? /[([](?:(?:may )?modif(?:y|ied)|new|create[d]?|update[d]?|deleted?|removed?|edit)\b[^()[\]]{0,200}[)\]]/i.exec(at.text)?.[0];
  const action = said === undefined ? {action: at.mode, optional: false} : (actionIn(said) ?? {action: at.mode, optional: false});
  for (const written of writtenPaths(at.text, at.bare)) {
    const found = relativePath(written, reading.naming);
    if ('path' in found) reading.found.push({path: found.path, folder: found.folder, ...action, line: at.line});
    else reading.problems.push({kind: 'unusable-path', line: at.line, message: `the path \`${written.slice(0, 200)}\` ${found.problem}`});
  }
}

/** The paths at the start of an entry: in backticks, more of them only when nothing but commas is between; else its first word that looks like a path. */
function writtenPaths(text: string, bare: boolean): readonly string[] {
  const quoted = [...text.slice(0, 4000).matchAll(/`([^`]{1,1000})`/g)];
  const paths: string[] = [];
  let end: number | undefined;
  for (const token of quoted) {
    const between = end === undefined ? '' : text.slice(end, token.index);
    if (end !== undefined && !/^[\s,;&+*_]*(?:and|und|or)?[\s,;&+*_]*$/.test(between)) break;
    const path = token[1]?.trim() ?? '';
    if (!looksLikePath(path)) break;
    paths.push(path);
    end = token.index + token[0].length;
  }
  if (paths.length > 0 || !bare) return paths;
  if (quoted.length > 0) return [];
  const words = text.slice(0, 1000).replace(/\*\*|__(?=\s|$)/g, '').split(/[\s,;]+/).slice(0, 8);
  const word = words.map((one) => one.replace(/^["'(]|["':.)]{1,3}$/g, (mark) => (mark === ')' && one.includes('(') ? mark : ''))).find((one, index) => looksLikePath(one) && (index === 0 || (one.includes('/') && /\.\w{1,12}$/.test(one))));
  return word === undefined ? [] : [word];
}

/** A slash, an extension, a leading dot, or one of the usual names without any of them; never an address, a call or a command. */
function looksLikePath(text: string): boolean {
  if (text === '' || /[=;"'|`{}$!]|:\/\/|\(\)$|^-|,/.test(text) || /^\d+(?:[./]\d+)*%?$/.test(text) || text === '/' || /^n\/a$/i.test(text)) return false;
  if (/\s/.test(text)) return text.includes('/') && /\.\w{1,12}$/.test(text) && !/^(?:npm|npx|node|git|python3?|pnpm|yarn|cd|cat|ls|mv|cp|rm) /.test(text);
  if (text.includes('/') || text.includes('\\')) return !/^(?:GET|POST|PUT|PATCH|DELETE)\b/.test(text) && !/^\/[\w-]*$/.test(text);
  return /^[^\s./][^\s/]*\.[A-Za-z][A-Za-z0-9]{0,11}$/.test(text) || /^\.[A-Za-z][\w.-]{1,60}$/.test(text) || /^(?:[A-Z][a-z]{1,20}file|LICENSE|README|CHANGELOG|CODEOWNERS|NOTICE|VERSION|Makefile)$/.test(text);
}

function actionIn(text: string): {readonly action: Action; readonly optional: boolean} | undefined {
  const words = text.toLowerCase();
  const optional = /\bmay\b|\boptional(?:ly)?\b|if needed/.test(words);
  if (removing.test(words)) return {action: 'delete', optional};
  if (changing.test(words)) return {action: making.test(words) ? 'either' : 'modify', optional};
  return making.test(words) ? {action: 'create', optional} : undefined;
}

function modeOf(title: string): Mode | undefined {
  const words = title.toLowerCase().replace(/[*_`:#]/g, ' ').replace(/\s{1,20}/g, ' ').trim().slice(0, 120);
  if (!fileNoun.test(words)) return undefined;
  const found = [making.test(words) ? 'create' : '', changing.test(words) ? 'modify' : '', removing.test(words) ? 'delete' : ''].filter((mode) => mode !== '');
  if (found.length > 1) return 'either';
  if (found[0] !== undefined && plausible(words)) return found[0] as Action;
  if (inputs.test(words)) return plainNoun.test(words) ? 'inputs' : undefined;
  return plainNoun.test(words) && words.split(' ').length <= 5 ? 'either' : undefined;
}

/** `Tests to be created`, `New Components`: a short name of a list, not a sentence such as a task's title. */
function plausible(words: string): boolean {
  return /\bto (?:be )?(?:creat|modif|delet|updat|add|chang|remov|edit)/.test(words) || words.split(' ').length <= 4;
}
