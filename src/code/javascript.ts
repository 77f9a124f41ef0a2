import type {SyntaxNode, SyntaxNodeRef, Tree} from '@lezer/common';
import {startCollector, type Collector} from './collector.js';
import type {Outline, SymbolKind} from './outline-types.js';

const declarations: Readonly<Record<string, SymbolKind>> = {
  FunctionDeclaration: 'function',
  ClassDeclaration: 'class',
  InterfaceDeclaration: 'type',
  TypeAliasDeclaration: 'type',
  EnumDeclaration: 'type',
  NamespaceDeclaration: 'namespace',
};
const functions: ReadonlySet<string> = new Set(['ArrowFunction', 'FunctionExpression', 'FunctionDeclaration', 'MethodDeclaration']);
/** Calls that name a group of tests, and those that name a test (node:test, vitest, jest, mocha). */
const groupCalls: ReadonlySet<string> = new Set(['describe', 'context', 'suite']);
const testCalls: ReadonlySet<string> = new Set([...groupCalls, 'it', 'test', 'specify']);

interface Walk {
  readonly text: string;
  readonly found: Collector;
  /** Functions around the node; what they declare is theirs. */
  inside: number;
  /** Classes, namespaces and test groups around the node. */
  depth: number;
  /** End of the export declaration around the node. */
  exportedUntil: number;
}

/** Outline of JavaScript or TypeScript, CommonJS included, from its tree. */
export function outlineJavaScript(text: string, tree: Tree): Outline {
  const walk: Walk = {text, found: startCollector(text), inside: 0, depth: 0, exportedUntil: 0};
  tree.iterate({
    enter: (node) => {
      enter(walk, node);
      if (isClosed(walk, node)) walk.inside += 1;
      if (isLevel(walk, node)) walk.depth += 1;
    },
    leave: (node) => {
      if (isLevel(walk, node)) walk.depth -= 1;
      if (isClosed(walk, node)) walk.inside -= 1;
    },
  });
  return walk.found.finish();
}

function enter(walk: Walk, node: SyntaxNodeRef): void {
  if (node.name === 'ImportDeclaration' || node.name === 'ExportDeclaration') enterModule(walk, node);
  else if (node.name === 'DynamicImport') addImport(walk, node.node);
  else if (node.name === 'CallExpression') enterCall(walk, node.node);
  else if (walk.inside === 0) enterDeclaration(walk, node);
}

function enterDeclaration(walk: Walk, node: SyntaxNodeRef): void {
  const kind = Object.hasOwn(declarations, node.name) ? declarations[node.name] : undefined;
  if (kind !== undefined) addSymbol(walk, {node: node.node, kind, name: nameOf(walk, node.node)});
  else if (node.name === 'VariableDeclaration') addVariables(walk, node.node);
  else if (node.name === 'AssignmentExpression') addAssignment(walk, node.node);
  else if (node.name === 'MethodDeclaration' || node.name === 'PropertyDeclaration') addMember(walk, node.node);
}

/** A function that hides what it declares; that of a group of tests does not. */
function isClosed({text}: Walk, node: SyntaxNodeRef): boolean {
  if (!functions.has(node.name)) return false;
  const call = node.node.parent?.name === 'ArgList' ? node.node.parent.parent : null;
  return call === null || !isTestCall(text, call, groupCalls);
}

function isLevel({text}: Walk, node: SyntaxNodeRef): boolean {
  return node.name === 'ClassBody' || node.name === 'NamespaceDeclaration' || (node.name === 'CallExpression' && isTestCall(text, node.node));
}

function isTestCall(text: string, call: SyntaxNode, calls: ReadonlySet<string> = testCalls): boolean {
  const callee = call.name === 'CallExpression' ? call.firstChild : null;
  if (callee === null) return false;
  const first = callee.name === 'MemberExpression' ? callee.firstChild : callee;
  return first?.name === 'VariableName' && first.to - first.from < 12 && calls.has(text.slice(first.from, first.to));
}

function enterModule(walk: Walk, node: SyntaxNodeRef): void {
  addImport(walk, node.node);
  if (node.name === 'ImportDeclaration') return;
  walk.exportedUntil = node.to;
  if (node.node.getChild('default') !== null) walk.found.export('default');
  const group = node.node.getChild('ExportGroup');
  if (group === null) return;
  // Of `a as b` it is b that others see.
  for (let child = group.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === 'VariableName' && child.nextSibling?.name !== 'as') walk.found.export(walk.text.slice(child.from, child.to));
  }
}

function addImport({text, found}: Walk, node: SyntaxNode): void {
  const from = node.getChild('String');
  if (from === null) return;
  const groups = [node, node.getChild('ImportGroup'), node.getChild('ExportGroup')];
  const names = groups.flatMap((group) => (group === null ? [] : [...group.getChildren('VariableDefinition'), ...group.getChildren('VariableName')]));
  found.import(unquote(text, from), names.map(({from: start, to}) => text.slice(start, to)));
}

function enterCall(walk: Walk, call: SyntaxNode): void {
  const {text, found} = walk;
  const first = call.getChild('ArgList')?.getChild('String') ?? call.getChild('ArgList')?.getChild('TemplateString');
  if (first === null || first === undefined) return;
  const callee = call.firstChild;
  if (callee?.name === 'VariableName' && text.slice(callee.from, callee.to) === 'require') found.import(unquote(text, first));
  if (walk.inside === 0 && isTestCall(text, call)) {
    found.symbol({name: unquote(text, first), kind: 'test', start: call.from, end: call.to, depth: walk.depth, exported: false});
  }
}

function addVariables(walk: Walk, declaration: SyntaxNode): void {
  const names = declaration.getChildren('VariableDefinition');
  const isFunction = names.length === 1 && (declaration.getChild('ArrowFunction') ?? declaration.getChild('FunctionExpression')) !== null;
  for (const {from, to} of names) addSymbol(walk, {node: declaration, kind: isFunction ? 'function' : 'variable', name: walk.text.slice(from, to)});
}

function addMember(walk: Walk, member: SyntaxNode): void {
  const name = member.getChild('PropertyDefinition') ?? member.getChild('PrivatePropertyDefinition');
  if (name === null || member.parent?.name !== 'ClassBody') return;
  const kind = member.name === 'MethodDeclaration' ? 'method' : 'field';
  walk.found.symbol({name: walk.text.slice(name.from, name.to), kind, start: member.from, end: member.to, depth: walk.depth, exported: false});
}

/** `exports.a = …`, `module.exports = {a, b}`, `A.prototype.b = function…`: how modules look without `export`. */
function addAssignment(walk: Walk, assignment: SyntaxNode): void {
  const [left, right] = [assignment.firstChild, assignment.lastChild];
  if (left?.name !== 'MemberExpression' || right === null) return;
  const target = walk.text.slice(left.from, Math.min(left.to, left.from + 200));
  const exported = /^(?:module\.)?exports\b/.test(target);
  if (target === 'module.exports') {
    addExportedObject(walk, right);
    return;
  }
  const name = left.getChild('PropertyName');
  const isFunction = functions.has(right.name);
  if (name === null || (!exported && !isFunction)) return;
  addSymbol(walk, {node: assignment, kind: isFunction ? 'function' : 'variable', name: walk.text.slice(name.from, name.to), exported});
}

function addExportedObject({text, found}: Walk, value: SyntaxNode): void {
  found.export('default');
  if (value.name === 'VariableName') found.export(text.slice(value.from, value.to));
  for (const property of value.getChildren('Property')) {
    const name = property.getChild('PropertyDefinition');
    if (name !== null) found.export(text.slice(name.from, name.to));
  }
}

function addSymbol(walk: Walk, {node, kind, name, exported = false}: {readonly node: SyntaxNode; readonly kind: SymbolKind; readonly name: string; readonly exported?: boolean}): void {
  const isExported = exported || node.to <= walk.exportedUntil;
  const start = node.parent?.name === 'ExportDeclaration' ? node.parent.from : node.from;
  walk.found.symbol({name, kind, start, end: node.to, depth: walk.depth, exported: isExported});
}

function nameOf({text}: Walk, node: SyntaxNode): string {
  const name = node.getChild('VariableDefinition') ?? node.getChild('TypeDefinition');
  return name === null ? (node.parent?.name === 'ExportDeclaration' ? 'default' : '') : text.slice(name.from, name.to);
}

function unquote(text: string, {from, to}: {readonly from: number; readonly to: number}): string {
  return text.slice(from + 1, Math.min(to - 1, from + 1025));
}
