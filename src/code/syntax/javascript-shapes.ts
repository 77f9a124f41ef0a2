import type {SyntaxNode} from '@lezer/common';

/** What hides what it declares; a method of an object literal does so too ({@link isFunction}). */
const functions: ReadonlySet<string> = new Set(['ArrowFunction', 'FunctionExpression', 'FunctionDeclaration', 'MethodDeclaration', 'StaticBlock']);
/** Calls that name a group of tests or a test (node:test, vitest, jest, mocha, jasmine, Playwright), with what is said of them; what comes before the last call is `each`, `skipIf` and their like. */
const testCallee = /^[fx]?(describe|context|suite|it|test|specify)((?:\.(?:each|for|only|skip|todo|concurrent|sequential|shuffle|failing|fails|skipIf|runIf|describe|parallel|serial|fixme|slow))*)(?:$|[(`])/;
/** Characters of a callee that are looked at. */
const maxCallee = 60;

/** Whether a node of this name can be a function: asked of every node of a tree. */
export function mayBeFunction(name: string): boolean {
  return functions.has(name) || name === 'Property';
}

/** Whether a node is a function, however it is written. */
export function isFunction(node: SyntaxNode): boolean {
  return functions.has(node.name) || (node.name === 'Property' && node.getChild('ParamList') !== null);
}

/** Kind of a value by what it is written as. */
export function kindOfValue(value: SyntaxNode | null): 'function' | 'class' | 'variable' {
  if (value?.name === 'ClassExpression') return 'class';
  return value !== null && isFunction(value) ? 'function' : 'variable';
}

/** What a call is to a test runner; undefined for any other call. */
export function testCallOf(text: string, call: SyntaxNode): 'group' | 'test' | undefined {
  const callee = call.name === 'CallExpression' ? call.firstChild : null;
  if (callee === null) return undefined;
  const match = testCallee.exec(text.slice(callee.from, Math.min(callee.to, callee.from + maxCallee)));
  if (match === null) return undefined;
  return /^(?:describe|context|suite)$/.test(match[1] ?? '') || (match[2] ?? '').includes('.describe') ? 'group' : 'test';
}

/** The first argument of a call, if it is a text. */
export function firstText(call: SyntaxNode): SyntaxNode | undefined {
  const first = call.getChild('ArgList')?.firstChild?.nextSibling;
  return first?.name === 'String' || first?.name === 'TemplateString' ? first : undefined;
}

/**
 * Whether a function is the body of the module: called where it stands as a statement of its own, or handed to such a call
 * or to `define` (UMD, AMD). What it declares is the module's.
 */
export function isModuleBody(text: string, node: SyntaxNode): boolean {
  const argument = node.parent?.name === 'ArgList' ? node.parent.parent : null;
  const call = argument ?? outOfParentheses(node).parent;
  if (call?.name !== 'CallExpression' || call.firstChild === null) return false;
  const callee = call.firstChild;
  const isCalled = callee.name === 'ParenthesizedExpression' ? callee.getChild('FunctionExpression') !== null || callee.getChild('ArrowFunction') !== null : isFunction(callee);
  return (isCalled || (argument !== null && text.slice(callee.from, Math.min(callee.to, callee.from + 8)) === 'define')) && isStatement(call);
}

/** Whether a value is a module that is loaded, or a member of it. */
export function isRequired(text: string, value: SyntaxNode | null): boolean {
  const call = value?.name === 'MemberExpression' ? value.firstChild : value;
  const callee = call?.name === 'CallExpression' ? call.firstChild : null;
  return callee?.name === 'VariableName' && text.slice(callee.from, callee.to) === 'require';
}

/** The name that a declaration gives; undefined for none. A class without a name is parsed as if its parent were it. */
export function declaredName(text: string, node: SyntaxNode): string | undefined {
  const name = node.getChild('VariableDefinition') ?? node.getChild('TypeDefinition');
  return name === null || name.prevSibling?.type.isError === true ? undefined : text.slice(name.from, name.to);
}

/** Where a declaration begins behind its decorators. */
export function behindDecorators(node: SyntaxNode): number {
  let child = node.firstChild;
  while (child?.name === 'Decorator') child = child.nextSibling;
  return child?.from ?? node.from;
}

/** The nodes of a kind below a node, in their order, as many as there are at most. */
export function namesBelow(node: SyntaxNode, kind: string, most: number): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node.cursor().iterate((each) => {
    if (each.name === kind && found.length < most) found.push(each.node);
  });
  return found;
}

function outOfParentheses(node: SyntaxNode): SyntaxNode {
  return node.parent?.name === 'ParenthesizedExpression' ? node.parent : node;
}

/** Whether an expression is all of a statement, but for an operator before it or parentheses around it. */
function isStatement(node: SyntaxNode): boolean {
  const outer = node.parent;
  const inner = outer?.name === 'UnaryExpression' || outer?.name === 'ParenthesizedExpression' || outer?.name === 'AwaitExpression' ? outer.parent : outer;
  return inner?.name === 'ExpressionStatement';
}
