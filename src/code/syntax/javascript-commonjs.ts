import type {SyntaxNode} from '@lezer/common';
import {declaredName, kindOfValue} from './javascript-shapes.js';
import {addSymbol, nameAt, type Walk} from './javascript-walk.js';

/** `exports.a = …`, `module.exports = {a, b}`, `A.prototype.b = function…`: how modules look without `export`. */
export function addAssignment(walk: Walk, assignment: SyntaxNode): void {
  const [left, right] = [assignment.firstChild, assignment.lastChild];
  if (left?.name !== 'MemberExpression' || right === null) return;
  const target = walk.text.slice(left.from, Math.min(left.to, left.from + 200));
  const exported = /^(?:module\.)?exports\b/.test(target);
  if (target === 'module.exports') {
    addExportedValue(walk, assignment, right);
    return;
  }
  const name = left.getChild('PropertyName');
  const kind = kindOfValue(right);
  if (name !== null && (exported || kind !== 'variable')) addSymbol(walk, assignment, {kind, name: nameAt(walk.text, name), exported});
}

function addExportedValue(walk: Walk, assignment: SyntaxNode, value: SyntaxNode): void {
  const {text, found} = walk;
  found.export('default');
  if (value.name === 'VariableName') found.export(nameAt(text, value));
  for (const property of value.getChildren('Property')) {
    const name = property.getChild('PropertyDefinition');
    if (name !== null) found.export(nameAt(text, name));
  }
  const kind = kindOfValue(value);
  const isAlone = assignment.parent?.name === 'ExpressionStatement';
  if (isAlone && (kind !== 'variable' || value.name === 'ObjectExpression')) addSymbol(walk, assignment, {kind, name: declaredName(text, value) ?? 'module.exports', exported: true});
}
