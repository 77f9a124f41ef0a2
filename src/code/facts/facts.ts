import {syntaxOf, type Syntax} from '../language.js';
import {outlineOf, type SourceFile} from '../outline.js';
import type {Outline} from '../outline-types.js';
import {parseSyntax, syntaxLimits, type SyntaxLimits} from '../syntax/parse.js';
import {factsOfJavaScript} from './javascript.js';
import {factsOfPython} from './python.js';
import type {SourceFacts} from './types.js';

/**
 * What the syntax of a JavaScript, TypeScript or Python file says; undefined for any other file and for what the parsers
 * are not let near. What stands in comments and texts counts for nothing. Never throws for any content.
 */
export function sourceFacts(file: SourceFile, limits: SyntaxLimits = syntaxLimits): SourceFacts | undefined {
  const syntax = syntaxOf(file.path);
  if (syntax === undefined) return undefined;
  const outline = outlineOf(file, limits);
  return outline.by === 'syntax' ? read(new TextDecoder().decode(file.bytes), {syntax, outline, limits}) : undefined;
}

interface Reading {
  readonly syntax: Syntax;
  readonly outline: Outline;
  readonly limits: SyntaxLimits;
}

function read(text: string, {syntax, outline, limits}: Reading): SourceFacts | undefined {
  const tree = parseSyntax(text, syntax, limits);
  if (tree === undefined) return undefined;
  try {
    return syntax === 'python' ? factsOfPython(text, tree, outline) : factsOfJavaScript(text, tree, outline);
  } catch (error) {
    // A tree that the parser cut off cannot be walked (see `outlineOf`).
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
