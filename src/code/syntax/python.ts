import type {SyntaxNode, SyntaxNodeRef, Tree} from '@lezer/common';
import {startCollector, type Collector} from './collector.js';
import type {Outline} from '../outline-types.js';

/** Most names that one statement is taken to assign. */
const maxTargets = 50;

interface Walk {
  readonly text: string;
  readonly found: Collector;
  /** Functions around the node. */
  inside: number;
  /** Classes around the node. */
  depth: number;
  /** Whether the module lists its exports. */
  listed: boolean;
}

/** Outline of a Python module from its tree; without `__all__`, what has no leading underscore is exported (the language's rule for `*`). */
export function outlinePython(text: string, tree: Tree): Outline {
  const walk: Walk = {text, found: startCollector(text), inside: 0, depth: 0, listed: false};
  tree.iterate({
    enter: (node) => {
      enter(walk, node);
      if (node.name === 'FunctionDefinition' || node.name === 'LambdaExpression') walk.inside += 1;
      if (node.name === 'ClassDefinition') walk.depth += 1;
    },
    leave: (node) => {
      if (node.name === 'FunctionDefinition' || node.name === 'LambdaExpression') walk.inside -= 1;
      if (node.name === 'ClassDefinition') walk.depth -= 1;
    },
  });
  return walk.found.finish(({name, depth}) => !walk.listed && depth === 0 && !name.startsWith('_'));
}

function enter(walk: Walk, node: SyntaxNodeRef): void {
  if (node.name === 'ImportStatement') addImports(walk, node.node);
  if (walk.inside > 0) return;
  if (node.name === 'FunctionDefinition') addSymbol(walk, node.node, walk.depth > 0 ? 'method' : 'function');
  else if (node.name === 'ClassDefinition') addSymbol(walk, node.node, 'class');
  else if (node.name === 'TypeDefinition') addSymbol(walk, node.node, 'type');
  else if (node.name === 'AssignStatement' || node.name === 'UpdateStatement') addAssignment(walk, node.node);
}

function addSymbol({text, found, depth}: Walk, node: SyntaxNode, kind: 'function' | 'method' | 'class' | 'type'): void {
  const name = node.getChild('VariableName');
  if (name === null) return;
  const start = node.parent?.name === 'DecoratedStatement' ? node.parent.from : node.from;
  found.symbol({name: text.slice(name.from, name.to), kind, start, at: node.from, end: trimmedEnd(text, node), depth, exported: false});
}

function addAssignment(walk: Walk, node: SyntaxNode): void {
  const {text, found, depth} = walk;
  for (const name of targetsOf(node)) {
    const variable = text.slice(name.from, name.to);
    if (variable === '__all__' && depth === 0) addListed(walk, node);
    else if (node.name === 'AssignStatement') found.symbol({name: variable, kind: depth > 0 ? 'field' : 'variable', start: node.from, end: trimmedEnd(text, node), depth, exported: false});
  }
}

/** The names that get a value: before the last `=`, or before the type; also within a tuple. */
function targetsOf(node: SyntaxNode): readonly SyntaxNode[] {
  const names: SyntaxNode[] = [];
  let before: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name === 'VariableName') before.push(child);
    else if (child.name === 'TupleExpression') before.push(...child.getChildren('VariableName'));
    else if (child.name !== ',') {
      if (/^(?:AssignOp|UpdateOp|TypeDef)$/.test(child.name)) names.push(...before);
      before = [];
    }
  }
  return names.slice(0, maxTargets);
}

/** `__all__ = [...]`, a tuple, a sum of such, or one more part of it; what is computed lists nothing that could be read. */
function addListed(walk: Walk, node: SyntaxNode): void {
  const sums = node.getChildren('BinaryExpression');
  const lists = [node, ...sums].flatMap((each) => [...each.getChildren('ArrayExpression'), ...each.getChildren('TupleExpression')]);
  for (const {from, to} of lists.flatMap((list) => list.getChildren('String'))) walk.found.export(walk.text.slice(from + 1, to - 1));
  walk.listed ||= lists.length > 0;
}

/** `import a.b as c, d` names two modules; `from ..a import b` names one, and `b` may be a module in it. */
function addImports({text, found}: Walk, node: SyntaxNode): void {
  const isFrom = node.firstChild?.name === 'from';
  let module = '';
  let names: string[] = [];
  let part: 'module' | 'names' = 'module';
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    const word = text.slice(child.from, Math.min(child.to, child.from + 200));
    if (child.name === 'import') part = isFrom ? 'names' : 'module';
    else if (child.name === 'as') child = child.nextSibling ?? child;
    else if (child.name === ',' && !isFrom) module = flush(module);
    else if (child.name === 'VariableName' && part === 'names') names.push(word);
    else if (part === 'module' && (child.name === 'VariableName' || /^\.+$/.test(word))) module += word;
  }
  if (module !== '') found.import(module, names);

  function flush(done: string): string {
    if (done !== '') found.import(done);
    names = [];
    return '';
  }
}

/** A body ends with the line feeds and comments after it; they are not part of it. */
function trimmedEnd(text: string, {from, to}: SyntaxNode): number {
  let end = to;
  while (end > from + 1 && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return end;
}
