import type {SyntaxNode, SyntaxNodeRef, Tree} from '@lezer/common';
import {startCollector} from './collector.js';
import {addAssignment} from './javascript-commonjs.js';
import {declaredName, firstText, isFunction, isModuleBody, isRequired, kindOfValue, mayBeFunction, namesBelow, testCallOf} from './javascript-shapes.js';
import {addSymbol, isExported, nameAt, unquote, type Walk} from './javascript-walk.js';
import {maxSymbols, type Outline, type SymbolKind} from '../outline-types.js';

const declarations: Readonly<Record<string, SymbolKind>> = {
  FunctionDeclaration: 'function',
  AmbientFunctionDeclaration: 'function',
  ClassDeclaration: 'class',
  InterfaceDeclaration: 'type',
  TypeAliasDeclaration: 'type',
  EnumDeclaration: 'type',
  NamespaceDeclaration: 'namespace',
};

/** Outline of JavaScript or TypeScript, CommonJS included, from its tree. */
export function outlineJavaScript(text: string, tree: Tree): Outline {
  const walk: Walk = {text, found: startCollector(text), inside: 0, depth: 0};
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
  if (node.name === 'ImportDeclaration') addImport(walk, node.node);
  else if (node.name === 'ExportDeclaration') addExport(walk, node.node);
  else if (node.name === 'DynamicImport') addImport(walk, node.node);
  else if (node.name === 'CallExpression') addCall(walk, node.node);
  else if (walk.inside === 0) addDeclaration(walk, node);
}

function addDeclaration(walk: Walk, node: SyntaxNodeRef): void {
  const kind = Object.hasOwn(declarations, node.name) ? declarations[node.name] : undefined;
  if (kind !== undefined) addSymbol(walk, node.node, {kind, name: declaredName(walk.text, node.node) ?? (isExported(node.node) ? 'default' : '')});
  else if (node.name === 'VariableDeclaration') addVariables(walk, node.node);
  else if (node.name === 'AssignmentExpression') addAssignment(walk, node.node);
  else if (node.name === 'MethodDeclaration' || node.name === 'PropertyDeclaration') addMember(walk, node.node);
  else if (node.name === 'Property') addProperty(walk, node.node);
}

/** A function that hides what it declares; that of a group of tests does not, nor the body of a module. */
function isClosed({text, inside}: Walk, node: SyntaxNodeRef): boolean {
  if (!mayBeFunction(node.name) || !isFunction(node.node)) return false;
  const call = node.node.parent?.name === 'ArgList' ? node.node.parent.parent : null;
  if (call !== null && testCallOf(text, call) === 'group') return false;
  return inside > 0 || !isModuleBody(text, node.node);
}

function isLevel({text}: Walk, node: SyntaxNodeRef): boolean {
  return node.name === 'ClassBody' || node.name === 'NamespaceDeclaration' || (node.name === 'CallExpression' && testCallOf(text, node.node) !== undefined);
}

function addImport({text, found}: Walk, node: SyntaxNode): void {
  const from = node.getChild('String');
  if (from === null) return;
  const groups = [node, node.getChild('ImportGroup'), node.getChild('ExportGroup')];
  const names = groups.flatMap((group) => (group === null ? [] : [...group.getChildren('VariableDefinition'), ...group.getChildren('VariableName')]));
  found.import(unquote(text, from), names.map(({from: start, to}) => text.slice(start, to)));
}

function addExport(walk: Walk, node: SyntaxNode): void {
  const {text, found} = walk;
  addImport(walk, node);
  if (node.getChild('default') !== null || node.getChild('Equals') !== null) found.export('default');
  // `export = a` and `export * as a`
  const alone = node.getChild('VariableName');
  if (alone !== null && node.getChild('default') === null) found.export(text.slice(alone.from, alone.to));
  // Of `a as b` it is b that others see.
  for (let child = node.getChild('ExportGroup')?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name !== 'VariableName') continue;
    const renamed = child.nextSibling?.name === 'as' ? child.nextSibling.nextSibling : null;
    if (child.prevSibling?.name !== 'as') found.export(nameAt(text, renamed ?? child), nameAt(text, child));
  }
  const value = node.getChild('ObjectExpression') ?? node.getChild('ArrowFunction') ?? node.getChild('CallExpression');
  if (value !== null && walk.inside === 0) addSymbol(walk, node, {kind: kindOfValue(value), name: 'default', exported: true});
}

function addCall(walk: Walk, call: SyntaxNode): void {
  const {text, found} = walk;
  const first = firstText(call);
  if (first === undefined) return;
  if (isRequired(text, call)) found.import(unquote(text, first));
  if (walk.inside === 0 && testCallOf(text, call) !== undefined) addSymbol(walk, call, {kind: 'test', name: unquote(text, first)});
}

function addVariables(walk: Walk, declaration: SyntaxNode): void {
  if (declaration.parent?.name === 'ForSpec') return;
  for (let child = declaration.firstChild; child !== null; child = child.nextSibling) {
    const isPattern = child.name === 'ObjectPattern' || child.name === 'ArrayPattern';
    if (child.name !== 'VariableDefinition' && !(isPattern && isExported(declaration))) continue;
    let equals = child.nextSibling;
    while (equals !== null && equals.name !== 'Equals' && equals.name !== ',') equals = equals.nextSibling;
    const value = equals?.name === 'Equals' ? equals.nextSibling : null;
    // A loaded module is an import, and is listed as one.
    if (isRequired(walk.text, value)) continue;
    const names = isPattern ? namesBelow(child, 'VariableDefinition', maxSymbols) : [child];
    for (const name of names) addSymbol(walk, declaration, {kind: isPattern ? 'variable' : kindOfValue(value), name: nameAt(walk.text, name)});
  }
}

function addMember(walk: Walk, member: SyntaxNode): void {
  const name = member.getChild('PropertyDefinition') ?? member.getChild('PrivatePropertyDefinition');
  if (name === null || member.parent?.name !== 'ClassBody') return;
  addSymbol(walk, member, {kind: member.name === 'MethodDeclaration' ? 'method' : 'field', name: nameAt(walk.text, name)});
}

/** A method of an object that is the value of a variable, an assignment or an export. */
function addProperty(walk: Walk, property: SyntaxNode): void {
  const name = property.getChild('PropertyDefinition');
  const holder = property.parent?.name === 'ObjectExpression' ? property.parent.parent : null;
  if (name === null || holder === null || !/^(?:VariableDeclaration|AssignmentExpression|ExportDeclaration)$/.test(holder.name)) return;
  const last = property.lastChild;
  if (isFunction(property) || (last !== null && isFunction(last))) addSymbol(walk, property, {kind: 'method', name: nameAt(walk.text, name), deeper: 1});
}
