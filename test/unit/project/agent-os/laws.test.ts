import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {isAppError} from '../../../../src/core/errors.js';
import {isDetail, parseDetail} from '../../../../src/project/agent-os/detail.js';
import {parseSpec} from '../../../../src/project/agent-os/spec.js';
import {everyTask, findTask, isComplete, parseTasks} from '../../../../src/project/agent-os/tasks.js';
import {completeDetail} from '../../../../src/project/agent-os/write/detail.js';
import {applyEdits} from '../../../../src/project/agent-os/write/edits.js';
import {blockTask, completeTask} from '../../../../src/project/agent-os/write/tasks.js';
import {splitLines} from '../../../../src/project/agent-os/text/lines.js';
import {maxTextBytes} from '../../../../src/project/text-file.js';

type Write = (at: {readonly id: number; readonly ticked: boolean; readonly title: string; readonly parts: readonly boolean[]; readonly indent: string}) => readonly string[];

const box = (ticked: boolean): string => (ticked ? '[x]' : '[ ]');
/** How each grammar writes a task of a number with parts. */
const grammars: Readonly<Record<string, Write>> = {
  numbered: ({id, ticked, title, parts, indent}) => [`- ${box(ticked)} ${id}. ${title}`, ...parts.map((part, index) => `${indent}- ${box(part)} ${id}.${index + 1} Part`)],
  groups: ({id, ticked, title, parts, indent}) => [`#### Task Group ${id}: ${title}`, '**Dependencies:** None', '', `- ${box(ticked)} ${id}.0 All`, ...parts.map((part, index) => `${indent}- ${box(part)} ${id}.${index + 1} Part`), '', '**Acceptance Criteria:**', '- It works', ''],
  unnumbered: ({id, title, parts}) => [`### Phase ${id}: ${title}`, ...[true, ...parts].map((part) => `- ${box(part)} Part`), ''],
  slugs: ({id, ticked, title, parts, indent}) => [`- ${box(ticked)} **impl-${id}** - ${title} → [details](tasks/task-impl-${id}.md)`, `${indent}- **Status**: ${ticked ? '[x] Complete' : 'pending'}`, ...parts.map((part) => `${indent}- ${box(part)} Part`)],
  table: ({id, ticked, title}) => [`| ${box(ticked)} | impl-${id} | ${title} | backend |`],
  headings: ({id, ticked, title}) => [`### Task ${id}: ${title}${ticked ? ' ✅' : ''}`, '', 'Some text.', ''],
  fields: ({id, ticked, title}) => [`## ${id}. ${title}${ticked ? ' ✅' : ''}`, '', '- **Dependencies**: None', '', 'Some text.', ''],
  kit: ({id, ticked, title}) => [`- ${box(ticked)} T00${id} [P] ${title}`],
};

const title = fc.constantFrom('Write tests', 'Über alles: 日本語', 'Use `[x]` and ~x~', 'a | b'.replace('|', '/'), 'Add [link](x.md)', 'Show (all) rows', '1.2 of it');
const noise = fc.constantFrom('', '```\n- [ ] 1. fenced\n  - [ ] 1.1 too\n```', '> - [ ] 1. quoted', '<!-- - [ ] 1. hidden -->');
const taskFile = fc
  .record({
    grammar: fc.constantFrom(...Object.keys(grammars)),
    end: fc.constantFrom('\n', '\r\n', '\r'),
    front: fc.constantFrom('', '---\nid: "- [ ] 1. no"\n---\n', '\ufeff', '# Tasks\n\n'),
    last: fc.boolean(),
    tasks: fc.array(fc.record({ticked: fc.boolean(), title, noise, parts: fc.array(fc.boolean(), {maxLength: 3})}), {minLength: 1, maxLength: 5}),
    indent: fc.constantFrom('  ', '    ', '\t'),
  })
  .map(({grammar, end, front, last, tasks, indent}) => {
    const lines = tasks.flatMap((task, index) => [...(grammars[grammar]?.({...task, id: index + 1, indent}) ?? []), ...(grammar === 'table' ? [] : [task.noise])]);
    const text = front + lines.join('\n') + (last ? '\n' : '');
    return {text: text.replaceAll('\n', end), count: tasks.length};
  });

describe('laws of writing back', () => {
  test('every task of every grammar is found, and nothing in a fence, a quote or a comment', () => {
    fc.assert(
      fc.property(taskFile, ({text, count}) => {
        expect(parseTasks(text).tasks).toHaveLength(count);
      }),
    );
  });

  test('what was completed is read as complete, all others as before, and nothing outside of its lines changes', () => {
    fc.assert(
      fc.property(taskFile, fc.nat(), fc.boolean(), ({text}, pick, whole) => {
        const before = parseTasks(text);
        const all = whole ? before.tasks : everyTask(before.tasks);
        const task = all[pick % all.length];
        if (task === undefined) throw new Error('no task');
        const written = completeTask(text, task.id);
        const after = parseTasks(written.text);
        expect(written.notes).toEqual([]);
        expect(isComplete(findTask(after, task.id))).toBe(true);
        const others = (list: typeof before): readonly unknown[] => list.tasks.filter((one) => !everyTask([one]).some(({id}) => id === task.id)).map(({id, state, line}) => [id, state, line]);
        expect(others(after)).toEqual(others(before));
        const [old, fresh] = [splitLines(text), splitLines(written.text)];
        expect(fresh).toHaveLength(old.length);
        for (const [index, line] of fresh.entries()) {
          expect(line.end).toBe(old[index]?.end);
          if (index + 1 < task.line || index + 1 > task.lastLine) expect(line.text).toBe(old[index]?.text);
        }
      }),
    );
  });

  test('completing what is complete, and what was completed, gives the same bytes', () => {
    fc.assert(
      fc.property(taskFile, fc.nat(), ({text}, pick) => {
        const list = parseTasks(text);
        const task = list.tasks[pick % list.tasks.length];
        if (task === undefined) throw new Error('no task');
        const written = completeTask(text, task.id).text;
        if (isComplete(task)) expect(written).toBe(text);
        expect(completeTask(written, task.id).text).toBe(written);
        expect(applyEdits(text, [])).toBe(text);
      }),
    );
  });

  test('what was blocked is read as blocked, once, and can be completed again', () => {
    fc.assert(
      fc.property(taskFile, fc.nat(), ({text}, pick) => {
        const list = parseTasks(text);
        const task = list.tasks[pick % list.tasks.length];
        if (task === undefined) throw new Error('no task');
        const blocked = blockTask(text, task.id, {issue: 'no key'}).text;
        expect(findTask(parseTasks(blocked), task.id).state).toBe('blocked');
        expect(blockTask(blocked, task.id, {issue: 'no key'}).text).toBe(blocked);
        expect(isComplete(findTask(parseTasks(completeTask(blocked, task.id).text), task.id))).toBe(true);
      }),
    );
  });
});

const piece = fc.constantFrom(...['- [ ] ', '- [x] ', '* ', '1', '.', '1.1', '2.0', ' ', '  ', '\t', '\n', '\n', '\r\n', '```', '~~~', '---', '[⚠️]', 'a', '\ufeff', '**', '`', '~~', '✅', '⚠️ Blocking issue: x', '🔄', '(TODO)', '(', ')', '[', ']', '|', '|---|', '### ', '# Task: a-b - c', 'Task 1: ', 'Task Group 2: ', 'Phase 1', 'T001 ', '**a-b** - ', '**Status:** ', '**Dependencies:** ', 'All previous tasks', '1-3', 'a-* (all)', '**Files to Create**:', '`../x`', '<!--', '-->', '{', '}', '"']);
const soup = fc.array(piece, {maxLength: 60}).map((pieces) => pieces.join(''));

describe('any text', () => {
  test('is a list of tasks with every box accounted for, or a clear error; writing back never fails otherwise', () => {
    fc.assert(
      fc.property(soup, (text) => {
        try {
          const list = parseTasks(text);
          expect(list.tasks.length).toBeGreaterThan(0);
          for (const task of everyTask(list.tasks)) {
            expect(task.lastLine).toBeGreaterThanOrEqual(task.line);
            for (const mark of task.marks) if (mark.kind === 'box') expect(text.slice(mark.span.offset - 1, mark.span.offset + mark.span.length + 1)).toBe(`[${mark.text}]`);
            if (task.problems.some(({kind}) => kind === 'contradiction')) expect(isComplete(task)).toBe(false);
          }
          const [first] = list.tasks;
          const again = completeTask(text, `L${first?.line ?? 0}`, {block: ['x'], shows: () => true}).text;
          expect(parseTasks(again).tasks.length).toBeGreaterThan(0);
        } catch (error) {
          if (!isAppError(error, 'TASK_NOT_FOUND', 'AGENT_OS_INVALID')) throw error;
        }
      }),
      {numRuns: 600},
    );
  });

  test('is a detail file or a spec, or a clear error', () => {
    fc.assert(
      fc.property(soup, (text) => {
        isDetail(text);
        for (const read of [() => parseDetail(text), () => parseSpec(text), () => completeDetail(text, {date: '2026-11-24', block: ['x'], shows: () => true})]) {
          try {
            read();
          } catch (error) {
            if (!isAppError(error, 'AGENT_OS_INVALID')) throw error;
          }
        }
      }),
    );
  });
});

describe('hostile sizes end', () => {
  const fill = (unit: string): string => unit.repeat(Math.floor(maxTextBytes / unit.length));
  const numbered = (line: (index: number) => string): string => {
    let text = '';
    for (let index = 1; text.length < maxTextBytes - 200; index += 1) text += line(index);
    return text;
  };
  test.each([
    ['boxes of one id', fill('- [ ] 1. A\n')],
    ['boxes without a number', fill('- [ ] A\n')],
    ['deep lists', Array.from({length: 700}, (_, depth) => `${' '.repeat(depth)}- [ ] a\n`).join('').slice(0, maxTextBytes)],
    ['deep numbers', `- [ ] 1${'.1'.repeat(100_000)} A\n`],
    ['one long line of stars', `- [ ] 1. A\n${fill('*').slice(20)}`],
    ['one long title of spaces', `- [ ] 1. A${fill(' ').slice(20)}x`],
    ['one long title of emoji and brackets', `- [ ] 1. A${fill('✅([').slice(40)}`],
    ['a chain that goes backwards', numbered((index) => `- [ ] ${index}. A\n  - Depends on: ${index + 1}\n`)],
    ['all previous of all', numbered((index) => `- [ ] ${index}. A\n  - Depends on: all previous\n`)],
    ['many patterns', numbered((index) => `- [ ] **a-${index}** - A\n  - **Dependencies**: a*, b*, c*, d*, e*\n`)],
    ['a table of bars', fill('|')],
    ['headings', fill('### Task 1: A\n')],
    ['opened links', `- [ ] 1. A ${fill('[a](').slice(40)}`],
    ['digits without end in a column of ids', `| ID | Task | Status | Dependencies |\n|---|---|---|---|\n| 1 | A | open | 1-3 |\n| 3 | A | open | - |\n| ${'1'.repeat(200_000)}x | A | open | - |\n`],
    ['digits without end in ids of JSON', JSON.stringify({taskGroups: [{id: 'a-1', dependencies: ['1-2']}, {id: '1'}, {id: '2'}, ...Array.from({length: 12}, (_, index) => ({id: `${'1'.repeat(19_000)}x${index}`}))]})],
    ['thousands of different ranges', `${numbered((index) => `- [ ] ${index}. A\n`).slice(0, 120_000)}\n${Array.from({length: 20}, (_, row) => `- [ ] 9999${row}. A\n  - **Dependencies**: ${Array.from({length: 400}, (_, at) => `${at + 1 + row}-${at + 2 + row * 3}`).join(',')}\n`).join('')}`],
    ['thousands of different patterns', `${numbered((index) => `- [ ] ${index}. A\n`).slice(0, 120_000)}\n${Array.from({length: 20}, (_, row) => `- [ ] 9999${row}. A\n  - **Dependencies**: ${Array.from({length: 400}, (_, at) => `q${row}z${at}*`).join(',')}\n`).join('')}`],
    ['thousands of different placeholders', `${fill('## a\n- [ ] b\n').slice(0, 120_006)}${Array.from({length: 20}, (_, row) => `- [ ] 9${row}. A\n  - **Dependencies**: ${Array.from({length: 400}, (_, at) => `ALL_A${row}_${at}`).join(',')}\n`).join('')}`],
    ['front matter that is hostile YAML', `---\n${fill('a: &a [*a, ').slice(30)}\n---\n- [ ] 1. A\n`],
    ['carriage returns', fill('- [ ] A\r')],
    ['nested JSON', `{"taskGroups":${'['.repeat(120_000)}${']'.repeat(120_000)}}`],
    ['files', `## Files to Create\n${fill('- `a/b.ts`\n').slice(40)}`],
  ])('%s', { timeout: 60_000 }, (_name, text) => {
    try {
      parseTasks(text);
      completeTask(text, 'L1');
    } catch (error) {
      if (!isAppError(error, 'TASK_NOT_FOUND', 'AGENT_OS_INVALID')) throw error;
    }
  });
});
