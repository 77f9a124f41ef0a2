import type {SyntaxNode, SyntaxNodeRef, Tree} from '@lezer/common';
import type {Outline} from '../outline-types.js';
import {saysNotImplemented} from './not-implemented.js';
import {startRecorder, type Recorder} from './recorder.js';
import type {BodyKind, SourceFacts} from './types.js';

/** Longest text of a statement or decorator that is looked into. */
const maxLook = 400;
/** Decorators of functions that have no body by intent. */
const bodiless = /\b(?:abstractmethod|abstractproperty|abstractclassmethod|abstractstaticmethod|overload)\b/;

/** Facts of a Python module from its tree. */
export function factsOfPython(text: string, tree: Tree, outline: Outline): SourceFacts {
  const found = startRecorder(text);
  const exportsAllOf: string[] = [];
  tree.iterate({
    enter: (node) => {
      enter(text, node, found);
      if (node.name === 'ImportStatement' && /\bimport\s*\*\s*$/.test(sliceOf(text, node))) exportsAllOf.push(/^from\s+(\S+)/.exec(sliceOf(text, node))?.[1] ?? '');
    },
    leave: (node) => {
      if (isScope(node.name)) found.leave();
    },
  });
  return {outline, ...found.finish(), exportsAllOf: exportsAllOf.filter((specifier) => specifier !== '')};
}

function isScope(name: string): boolean {
  return name === 'FunctionDefinition' || name === 'ClassDefinition';
}

function enter(text: string, node: SyntaxNodeRef, found: Recorder): void {
  if (node.name === 'FunctionDefinition') found.enterFunction({name: nameOf(text, node.node), from: node.from, body: bodyOf(text, node.node)});
  else if (node.name === 'ClassDefinition') found.enterClass(classOf(text, node.node));
  else if (node.name === 'TryStatement' && handlesSomething(node.node)) found.handles();
  else if (node.name === 'Comment') found.comment(node.from, text.slice(node.from, node.to));
}

function nameOf(text: string, node: SyntaxNode): string {
  const name = node.getChild('VariableName');
  return name === null ? '' : text.slice(name.from, name.to);
}

function classOf(text: string, node: SyntaxNode) {
  const bases: string[] = [];
  for (let child = node.getChild('ArgList')?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.prevSibling?.name === 'AssignOp') continue;
    const name = child.name === 'MemberExpression' ? child.getChild('PropertyName') : child.name === 'VariableName' && child.nextSibling?.name !== 'AssignOp' ? child : null;
    if (name !== null) bases.push(text.slice(name.from, name.to));
  }
  return {name: nameOf(text, node), bases, isAbstract: /\b(?:ABCMeta|ABC|Protocol)\b/.test(sliceOf(text, node.getChild('ArgList') ?? {from: 0, to: 0}))};
}

function bodyOf(text: string, node: SyntaxNode): BodyKind {
  const decorated = node.parent?.name === 'DecoratedStatement' ? node.parent.getChildren('Decorator') : [];
  if (decorated.some((decorator) => bodiless.test(sliceOf(text, decorator)))) return 'none';
  const statements = statementsOf(node.getChild('Body'));
  const [only] = statements;
  if (only === undefined) return 'empty';
  if (statements.length > 1) return 'code';
  const said = sliceOf(text, only);
  if (only.name === 'ReturnStatement' && /^return(?:\s+None)?\s*;?$/.test(said)) return 'empty';
  return only.name === 'RaiseStatement' && saysNotImplemented(said) ? 'not-implemented' : 'code';
}

/** What a body does: no texts (of documentation, mostly), `pass` and `...` aside. At most two are given. */
function statementsOf(body: SyntaxNode | null): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = body?.firstChild ?? null; child !== null && found.length < 2; child = child.nextSibling) {
    if (child.name === ':' || child.name === ';' || child.name === 'Comment' || child.name === 'PassStatement') continue;
    const first = child.name === 'ExpressionStatement' ? child.firstChild : null;
    if (first !== null && /^(?:String|ContinuedString|FormatString|Ellipsis)$/.test(first.name)) continue;
    found.push(child);
  }
  return found;
}

/** Whether a branch of `except` does something. */
function handlesSomething(statement: SyntaxNode): boolean {
  let isExcept = false;
  for (let child = statement.firstChild; child !== null; child = child.nextSibling) {
    if (/^(?:try|else|finally|except)$/.test(child.name)) isExcept = child.name === 'except';
    else if (isExcept && child.name === 'Body' && statementsOf(child).length > 0) return true;
  }
  return false;
}

function sliceOf(text: string, {from, to}: {readonly from: number; readonly to: number}): string {
  return text.slice(from, Math.min(to, from + maxLook));
}
