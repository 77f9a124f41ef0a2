/**
 * How far a task is by its file. `partial`: begun, or called done with something left; `skipped`: left out or put off;
 * `dropped`: struck out, so it no longer counts.
 */
export type TaskState = 'open' | 'active' | 'blocked' | 'partial' | 'skipped' | 'dropped' | 'complete';

/** A piece of a file's text: UTF-16 index and length. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/**
 * One place of a file that says how far a task is. `box`: what stands between `[` and `]`; `words`: an emoji or words
 * after (or before) the title; `status`: the value of a Status line; `cell`: a cell of a table; `blocker`: a line that
 * names what blocks; `strike`: struck text; `value`: a string of a JSON file, quotes included.
 */
export interface Mark {
  readonly kind: 'box' | 'words' | 'status' | 'cell' | 'blocker' | 'strike' | 'value';
  readonly state: TaskState;
  readonly line: number;
  readonly span: Span;
  /** As written. */
  readonly text: string;
}

/** What kind of thing is wrong with a file. */
export type ProblemKind = 'not-understood' | 'contradiction' | 'duplicate-id' | 'misplaced' | 'unknown-dependency' | 'dependency-cycle' | 'no-deliverable' | 'unusable-path';

/** Something that was not understood or contradicts itself. Its text holds words of the file: escape it before it is shown. */
export interface Problem {
  readonly kind: ProblemKind;
  /** From 1. */
  readonly line: number;
  /** One sentence without its stop; reads on after the line's number. */
  readonly message: string;
}

/** A line `**Name:** value` that belongs to a task. */
export interface Field {
  /** Lower case, without its colon. */
  readonly name: string;
  readonly value: string;
  readonly line: number;
  /** Where the value stands; of length 0 when it is empty. */
  readonly span: Span;
}

/** A criterion of acceptance; `ticked` is undefined where it has no box. */
export interface Criterion {
  readonly text: string;
  readonly ticked: boolean | undefined;
  readonly line: number;
  /** What stands in its box; undefined where it has none, or where words beside it say that it was put off. */
  readonly box: Span | undefined;
}

/** What a task must wait for: every term, by any of its alternatives. */
export interface Dependency {
  /** As written, for people. */
  readonly written: string;
  /** For each alternative the tasks that it means; an alternative that means none is not understood and never met. */
  readonly anyOf: readonly (readonly Task[])[];
  /** The file names no dependency at all, so its order is one. */
  readonly implied: boolean;
}

/** A file that a task promises. */
export interface Deliverable {
  /** Relative to the root of the repository, with `/`; literal, brackets and parentheses included. A folder has no slash at its end. */
  readonly path: string;
  /** `either`: the file does not say whether it is to be made or changed. */
  readonly action: 'create' | 'modify' | 'delete' | 'either';
  readonly folder: boolean;
  /** "MAY MODIFY": allowed, not promised. */
  readonly optional: boolean;
  readonly line: number;
}

/** One entry of a tasks file. */
export interface Task {
  /** As written (`1`, `1.2`, `impl-api`, `T001`), or made from heading and place: `phase-1`, `phase-1/2`. */
  readonly id: string;
  /** Other names by which it may be asked for, such as `2.0` for the group 2. */
  readonly aliases: readonly string[];
  readonly title: string;
  readonly form: 'box' | 'heading' | 'item' | 'row' | 'value';
  /** By its own marks and by its parts; what contradicts itself is never `complete`. */
  readonly state: TaskState;
  /** First and last line, from 1, parts included. */
  readonly line: number;
  readonly lastLine: number;
  /** Columns before it (a tab goes to the next multiple of four); 0 for headings. */
  readonly indent: number;
  readonly marks: readonly Mark[];
  readonly fields: readonly Field[];
  readonly criteria: readonly Criterion[];
  readonly deliverables: readonly Deliverable[];
  readonly problems: readonly Problem[];
  readonly children: readonly Task[];
  /** Lines of a block about how it ended, from 1. */
  readonly blockLines: readonly number[];
  /** Marked with `[P]`: needs no order among its neighbours. */
  readonly parallel: boolean;
  /** Its detail file as linked, relative to this file. */
  readonly detail: string | undefined;
}

/** A heading that holds tasks without being one, such as a phase. */
export interface TaskGroup {
  readonly id: string;
  readonly title: string;
  readonly line: number;
  readonly tasks: readonly Task[];
}

/** The grammar that most entries of a file follow; it decides what is written back. */
export type Dialect = 'numbered' | 'task-groups' | 'headings' | 'slugs' | 'spec-kit' | 'table' | 'unboxed' | 'json';

/** What was understood of a tasks file, and what in it was not or contradicts itself. */
export interface TaskList {
  readonly dialect: Dialect;
  readonly tasks: readonly Task[];
  readonly groups: readonly TaskGroup[];
  /** All problems, those of tasks included, by line. */
  readonly problems: readonly Problem[];
  /** Boxes of checklists and criteria that belong to no task. */
  readonly checks: readonly Criterion[];
  /** What each task waits for, its parents' dependencies not included. */
  readonly dependencies: ReadonlyMap<Task, readonly Dependency[]>;
}
