import {outlineJavaScript} from './syntax/javascript.js';
import {syntaxOf, type Syntax} from './language.js';
import {emptyOutline, type Outline} from './outline-types.js';
import {outlinePython} from './syntax/python.js';
import {parseSyntax, type SyntaxLimits, syntaxLimits} from './syntax/parse.js';
import {outlineText} from './text-outline.js';

/** Bytes at the beginning in which a NUL makes a file a binary one (git's own rule: xdiff-interface.c). */
const binaryProbeBytes = 8000;
/** Largest file of which any outline is made. */
const maxOutlineBytes = 4 * 1024 * 1024;

/** A file as it is outlined. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Whether bytes are not text, by git's rule. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, binaryProbeBytes).includes(0);
}

/**
 * What a file declares, imports and exports: by syntax tree for JavaScript, TypeScript and Python, line by line for other
 * text and for what the parser is not let near (minified, nested without end, too large, mostly errors). Never throws for
 * any content; a binary or huge file has an empty outline. Time is linear in the size, and bounded by the limits.
 */
export function outlineOf({path, bytes}: SourceFile, limits: SyntaxLimits = syntaxLimits): Outline {
  if (bytes.length > maxOutlineBytes || isBinary(bytes)) return emptyOutline('binary');
  const text = new TextDecoder().decode(bytes);
  const syntax = syntaxOf(path);
  return (syntax === undefined ? undefined : outlineSyntax(text, syntax, limits)) ?? outlineText(path, text);
}

function outlineSyntax(text: string, syntax: Syntax, limits: SyntaxLimits): Outline | undefined {
  try {
    const tree = parseSyntax(text, syntax, limits);
    if (tree === undefined) return undefined;
    return syntax === 'python' ? outlinePython(text, tree) : outlineJavaScript(text, tree);
  } catch (error) {
    // Some thousand operators deep, the parser cuts its tree off such that no walk gets through it (a TypeError of @lezer/common).
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
