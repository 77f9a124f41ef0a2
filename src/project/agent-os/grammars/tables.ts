import {draftOf, type Draft} from '../read/draft.js';
import {readLabel} from '../read/labels.js';
import type {Field} from '../model.js';
import {readStatus, statusMark} from '../read/states.js';
import type {Cell, RowNode} from '../text/nodes.js';

type Column = 'id' | 'title' | 'status' | 'dependencies' | 'other';

/**
 * Tasks as rows of a Markdown table: a cell with a box, or a Status column beside a task column. Rows of any other
 * table are none. The header may be missing when there are boxes.
 */
export function readTable(rows: readonly RowNode[]): readonly Draft[] {
  const delimiter = rows[1]?.cells.every(({text}) => /^:?-{1,200}:?$/.test(text)) === true && rows[1].cells.length > 0;
  const columns = delimiter ? (rows[0]?.cells ?? []).map(columnOf) : [];
  const body = delimiter ? rows.slice(2) : rows;
  return body.flatMap((row) => rowDraft(row, columns));
}

function rowDraft(row: RowNode, columns: readonly Column[]): readonly Draft[] {
  const boxAt = row.cells.findIndex(({text}) => /^(?:[-*] )?\[[^[\]]{0,4}\]$/.test(text));
  const statusAt = columns.indexOf('status');
  if (boxAt === -1 && (statusAt === -1 || (!columns.includes('id') && !columns.includes('title')))) return [];
  const rest = row.cells.filter((_, index) => index !== boxAt && index !== statusAt);
  const idCell = idOf(row, columns) ?? rest.find(({text}) => isId(text));
  const titleCell = cellAt(row, columns, 'title') ?? rest.find((cell) => cell !== idCell && cell.text !== '') ?? idCell;
  if (titleCell === undefined || (titleCell.text === '' && idCell === undefined)) return [];
  const link = row.cells.map(({text}) => text).find((text) => /\]\([^()\s]{1,300}\.md\)/.test(text)) ?? '';
  const id = idCell === undefined || idCell === titleCell ? '' : `**${idCell.text.replace(/[*`_]/g, '')}**: `;
  const boxText = boxAt === -1 ? undefined : row.cells[boxAt];
  const box = boxText === undefined ? undefined : {inner: boxText.text.slice(boxText.text.indexOf('[') + 1, -1), at: boxText.at + boxText.text.indexOf('[') + 1};
  const draft = draftOf({form: 'row', line: row.line, at: titleCell.at, text: titleCell.text, indent: row.indent, box});
  return [labelled(draft, {idCell: id === '' ? undefined : idCell, link, fields: dependencyFields(row, columns), status: row.cells[statusAt], row})];
}

/** Most characters of an id: what is longer is a text that stands in the column of ids. */
const maxId = 120;

function idOf(row: RowNode, columns: readonly Column[]): Cell | undefined {
  const cell = cellAt(row, columns, 'id');
  return cell === undefined || cell.text.length > maxId ? undefined : cell;
}

interface RowFacts {
  readonly idCell: Cell | undefined;
  readonly link: string;
  readonly fields: readonly Field[];
  readonly status: Cell | undefined;
  readonly row: RowNode;
}

function labelled(draft: Draft, {idCell, link, fields, status, row}: RowFacts): Draft {
  if (idCell !== undefined) {
    const id = idCell.text.replace(/[*`_]/g, '').replace(/\.$/, '');
    draft.label = readLabel(`${id}:`) ?? {kind: 'slug', id, title: draft.title};
  }
  draft.detail ??= /\]\((?:\.\/)?([^()\s#]{1,300}\.md)\)/.exec(link)?.[1];
  draft.fields.push(...fields);
  if (status === undefined) return draft;
  const said = readStatus(status.text);
  const at = {line: row.line.number, offset: row.line.offset + status.at, text: status.text};
  draft.marks.push(statusMark('cell', at, said ?? {state: 'open', mixed: false}));
  if (said?.mixed === true) draft.problems.push({kind: 'contradiction', line: row.line.number, message: 'its status says both that it is complete and that it is not'});
  if (said === undefined && status.text !== '') draft.problems.push({kind: 'not-understood', line: row.line.number, message: `the status \`${status.text.slice(0, 60)}\` is not understood and counts as open`});
  return draft;
}

function dependencyFields(row: RowNode, columns: readonly Column[]): readonly Field[] {
  const cell = cellAt(row, columns, 'dependencies') ?? (columns.length === 0 ? row.cells.slice(3).findLast(({text}) => text.split(',').every((part) => isId(part.trim()))) : undefined);
  if (cell === undefined) return [];
  return [{name: 'dependencies', value: cell.text, line: row.line.number, span: {offset: row.line.offset + cell.at, length: cell.text.length}}];
}

function cellAt(row: RowNode, columns: readonly Column[], column: Column): Cell | undefined {
  const at = columns.indexOf(column);
  return at === -1 ? undefined : row.cells[at];
}

function isId(text: string): boolean {
  const plain = text.replace(/[*`_]/g, '');
  return /^(?:\d{1,6}(?:\.\d{1,6}){0,6}\.?|T\d{2,5}|[A-Za-z][A-Za-z0-9]{0,40}(?:-[A-Za-z0-9]{1,40}){1,10})$/.test(plain);
}

function columnOf({text}: Cell): Column {
  const name = text.replace(/[*`_]/g, '').toLowerCase();
  if (/^(?:id|#|no\.?|nr\.?|task[ -]id|task #|number)$/.test(name)) return 'id';
  if (/^(?:task|tasks|title|name|description|task (?:name|title|description)|aufgabe|tâche|tarea|タスク|任务)$/.test(name)) return 'title';
  if (/^(?:status|state|done|progress|completed?|task status)$/.test(name)) return 'status';
  if (/^(?:dependenc(?:y|ies)|depends on|deps|blocked by|requires)$/.test(name)) return 'dependencies';
  return 'other';
}
