import type {SyntaxNode, SyntaxNodeRef, Tree} from '@lezer/common';
import {declaredName, isFunction, mayBeFunction} from '../syntax/javascript-shapes.js';
import {nameAt, unquote} from '../syntax/javascript-walk.js';
import type {Outline} from '../outline-types.js';
import {saysNotImplemented} from './not-implemented.js';
import {startRecorder, type Recorder} from './recorder.js';
import type {BodyKind, SourceFacts} from './types.js';

/** Longest text of a statement that is looked into. */
const maxLook = 400;

/** Facts of JavaScript or TypeScript, CommonJS included, from its tree. */
export function factsOfJavaScript(text: string, tree: Tree, outline: Outline): SourceFacts {
  const found = startRecorder(text);
  const exportsAllOf: string[] = [];
  tree.iterate({
    enter: (node) => {
      enter(text, node, found);
      if (node.name !== 'ExportDeclaration') return;
      const from = node.node.getChild('String');
      if (from !== null && node.node.getChild('Star') !== null && node.node.getChild('as') === null) exportsAllOf.push(unquote(text, from));
    },
    leave: (node) => {
      if (isScope(node)) found.leave();
    },
  });
  return {outline, ...found.finish(), exportsAllOf};
}

function isScope(node: SyntaxNodeRef): boolean {
  return isClass(node.name) || (mayBeFunction(node.name) && isFunction(node.node)) || node.name === 'AmbientFunctionDeclaration';
}

function isClass(name: string): boolean {
  return name === 'ClassDeclaration' || name === 'ClassExpression';
}

function enter(text: string, node: SyntaxNodeRef, found: Recorder): void {
  if (isClass(node.name)) found.enterClass(classOf(text, node.node));
  else if (isScope(node)) found.enterFunction({name: nameOf(text, node.node), from: node.from, body: bodyOf(text, node.node)});
  else if (node.name === 'CatchClause' && !isEmptyBlock(node.node.getChild('Block'))) found.handles();
  else if (node.name === 'CallExpression' && isCatching(text, node.node)) found.handles();
  else if (node.name === 'IfStatement' && asksForError(text, node.node)) found.handles();
  else if (node.name === 'LineComment' || node.name === 'BlockComment') found.comment(node.from, text.slice(node.from, node.to));
}

function classOf(text: string, node: SyntaxNode) {
  const base = node.getChild('extends')?.nextSibling;
  const named = base?.name === 'MemberExpression' ? base.getChild('PropertyName') : base;
  return {
    name: declaredName(text, node) ?? assignedName(text, node),
    bases: named?.name === 'VariableName' || named?.name === 'PropertyName' ? [nameAt(text, named)] : [],
    isAbstract: node.getChild('abstract') !== null,
  };
}

function nameOf(text: string, node: SyntaxNode): string {
  const key = node.getChild('PropertyDefinition') ?? node.getChild('PrivatePropertyDefinition');
  if (key !== null) return nameAt(text, key);
  // What others call it, when it has a name of its own as well.
  return assignedName(text, node) || (declaredName(text, node) ?? '');
}

/** The name under which a value can be reached: of the variable, the property or the member that it is assigned to. */
function assignedName(text: string, value: SyntaxNode): string {
  const {parent} = value;
  if (parent?.name === 'ExportDeclaration') return parent.getChild('default') !== null && declaredName(text, value) === undefined ? 'default' : '';
  const before = value.prevSibling;
  if (parent === null || (before?.name !== 'Equals' && before?.name !== ':')) return '';
  const target = parent.name === 'AssignmentExpression' ? parent.firstChild : beforeOf(before, ['VariableDefinition', 'PropertyDefinition', 'PrivatePropertyDefinition']);
  if (target === null) return '';
  if (target.name !== 'MemberExpression') return nameAt(text, target);
  const whole = nameAt(text, {from: target.from, to: Math.min(target.to, target.from + maxLook)});
  const last = target.getChild('PropertyName');
  return whole === 'module.exports' ? 'default' : last === null ? '' : nameAt(text, last);
}

function beforeOf(node: SyntaxNode, names: readonly string[]): SyntaxNode | null {
  let at = node.prevSibling;
  while (at !== null && !names.includes(at.name)) at = at.prevSibling;
  return at;
}

function bodyOf(text: string, node: SyntaxNode): BodyKind {
  const block = node.getChild('Block');
  if (block === null) return node.name === 'ArrowFunction' ? 'code' : 'none';
  const statements = statementsOf(block);
  const [only] = statements;
  if (only === undefined) return isConstructor(text, node) ? 'code' : 'empty';
  if (statements.length > 1) return 'code';
  const said = text.slice(only.from, Math.min(only.to, only.from + maxLook));
  if (only.name === 'ReturnStatement' && /^return\s*(?:undefined|void 0)?\s*;?$/.test(said)) return 'empty';
  return only.name === 'ThrowStatement' && saysNotImplemented(said) ? 'not-implemented' : 'code';
}

/** The parameters of a constructor can be its work (`private readonly a: string`). */
function isConstructor(text: string, node: SyntaxNode): boolean {
  return node.name === 'MethodDeclaration' && nameOf(text, node) === 'constructor';
}

function statementsOf(block: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = block.firstChild; child !== null && found.length < 2; child = child.nextSibling) {
    if (!/^(?:[{};]|LineComment|BlockComment|EmptyStatement)$/.test(child.name) && !isDirective(child)) found.push(child);
  }
  return found;
}

/** `'use strict'` and what else stands there as a text alone. */
function isDirective(statement: SyntaxNode): boolean {
  return statement.name === 'ExpressionStatement' && statement.firstChild?.name === 'String';
}

function isEmptyBlock(block: SyntaxNode | null): boolean {
  return block === null || statementsOf(block).length === 0;
}

/** `.catch(handler)`, `.then(done, failed)` and `.on('error', handler)`, where the handler does something. */
function isCatching(text: string, call: SyntaxNode): boolean {
  const callee = call.firstChild;
  const member = callee?.name === 'MemberExpression' ? callee.getChild('PropertyName') : null;
  const [first, second] = argumentsOf(call);
  if (member === null || first === undefined) return false;
  const name = nameAt(text, member);
  if (name === 'catch') return !isIdle(first);
  if (second === undefined) return false;
  return name === 'then' ? !isIdle(second) : /^(?:on|once|addEventListener)$/.test(name) && first.name === 'String' && unquote(text, first) === 'error' && !isIdle(second);
}

function argumentsOf(call: SyntaxNode): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = call.getChild('ArgList')?.firstChild ?? null; child !== null && found.length < 2; child = child.nextSibling) {
    if (!/^(?:[(),]|LineComment|BlockComment)$/.test(child.name)) found.push(child);
  }
  return found;
}

/** A handler that is a function without a body, `null` or `undefined`. */
function isIdle(handler: SyntaxNode): boolean {
  if (handler.name === 'null' || handler.name === 'NullLiteral') return true;
  return isFunction(handler) && handler.getChild('Block') !== null && isEmptyBlock(handler.getChild('Block'));
}

/** `(error, …) => { if (error) … }`: asks for the first parameter of the function around it, which is called as an error is. */
function asksForError(text: string, statement: SyntaxNode): boolean {
  let around = statement.parent;
  while (around !== null && !(mayBeFunction(around.name) && isFunction(around))) around = around.parent;
  const first = around?.getChild('ParamList')?.getChild('VariableDefinition') ?? around?.getChild('VariableDefinition');
  const condition = statement.getChild('ParenthesizedExpression');
  if (first === null || first === undefined || condition === null) return false;
  const name = nameAt(text, first);
  return /^(?:e|err|error|cause|reason)$/.test(name) && new RegExp(`\\b${name}\\b`).test(text.slice(condition.from, Math.min(condition.to, condition.from + maxLook)));
}
