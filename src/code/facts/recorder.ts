import {lineAt, lineStarts} from '../syntax/collector.js';
import {maxFacts, type BodyKind, type ClassFacts, type CommentFacts, type FunctionFacts} from './types.js';

/** A function or class around the place where a walk is. */
interface Open {
  readonly name: string;
  handles: boolean;
  /** Completes a function; undefined for a class. */
  readonly add: ((handlesErrors: boolean) => void) | undefined;
}

/** Gathers facts along a walk over a tree. */
export interface Recorder {
  /** Enters a function; {@link leave} ends it. */
  enterFunction(found: {readonly name: string; readonly from: number; readonly body: BodyKind}): void;
  enterClass(found: ClassFacts): void;
  leave(): void;
  /** Here an error is handled. */
  handles(): void;
  comment(from: number, text: string): void;
  finish(): {readonly functions: readonly FunctionFacts[]; readonly classes: readonly ClassFacts[]; readonly comments: readonly CommentFacts[]};
}

/** Starts with nothing found in a text. */
export function startRecorder(text: string): Recorder {
  const starts = lineStarts(text);
  const open: Open[] = [];
  const functions: FunctionFacts[] = [];
  const classes: ClassFacts[] = [];
  const comments: CommentFacts[] = [];
  return {
    enterFunction({name, from, body}) {
      const within = open.map((each) => each.name);
      const line = lineAt(starts, from);
      open.push({name, handles: false, add: (handlesErrors) => functions.length < maxFacts && functions.push({name, within, line, body, handlesErrors})});
    },
    enterClass(found) {
      if (classes.length < maxFacts) classes.push(found);
      open.push({name: found.name, handles: false, add: undefined});
    },
    leave() {
      const ended = open.pop();
      ended?.add?.(ended.handles);
    },
    handles() {
      for (const each of open) each.handles = true;
    },
    comment(from, commented) {
      const first = lineAt(starts, from);
      for (const [index, line] of commented.split('\n').entries()) {
        const said = line.replace(/^[\s/*#!-]+/, '').trim();
        if (said !== '' && comments.length < maxFacts) comments.push({line: first + index, text: said});
      }
    },
    finish: () => ({functions: [...functions].sort((a, b) => a.line - b.line || a.within.length - b.within.length), classes, comments}),
  };
}
