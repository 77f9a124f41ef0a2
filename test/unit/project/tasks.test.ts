import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {findTask, parseTasks, tickTask} from '../../../src/project/tasks.js';

const sample = `---
title: "- [ ] 9. Not a task"
---
# Spec Tasks

> Created: 2026-11-10

## Tasks

- [ ] 1. Add the export API
  - [x] 1.1 Write tests
  - [ ] 1.2 Add the route
    and describe it

\`\`\`md
- [ ] 7. Not a task either
\`\`\`

- [x] 2. Add the page
\t- [x] 2.1 Write tests for it
- [ ] 10. Über alles: 日本語 — done?
`;

describe('reading', () => {
  test('tasks and their parts are found, fences and front matter are not read', () => {
    const {tasks, problems} = parseTasks(sample);
    expect(problems).toEqual([]);
    expect(tasks.map(({id, title, done}) => ({id, title, done}))).toEqual([
      {id: '1', title: 'Add the export API', done: false},
      {id: '2', title: 'Add the page', done: true},
      {id: '10', title: 'Über alles: 日本語 — done?', done: false},
    ]);
    expect(tasks[0]?.children.map(({id, ticked, line}) => ({id, ticked, line}))).toEqual([
      {id: '1.1', ticked: true, line: 11},
      {id: '1.2', ticked: false, line: 12},
    ]);
  });

  test('a ticked parent with open children is reported and does not count as done', () => {
    const list = parseTasks('- [x] 1. A\n  - [ ] 1.1 B\n  - [x] 1.2 C\n');
    expect(list.tasks[0]).toMatchObject({ticked: true, done: false});
    expect(list.problems).toEqual([expect.stringMatching(/1\.1/)]);
  });

  test('an id that is there twice is reported, and cannot be asked for', () => {
    const list = parseTasks('- [ ] 1. A\n- [ ] 1. B\n- [ ] 2. C\n');
    expect(list.problems).toHaveLength(1);
    expect(() => findTask(list, '1')).toThrow(expect.objectContaining({code: 'TASK_NOT_FOUND'}) as Error);
    expect(findTask(list, '2').title).toBe('C');
  });

  test.each([
    ['a box without a number', '- [ ] 1. A\n  - [ ] write it\n'],
    ['three levels', '- [ ] 1. A\n  - [ ] 1.1 B\n    - [ ] 1.1.1 C\n'],
    ['a part under another task', '- [ ] 1. A\n  - [ ] 2.1 B\n'],
    ['a state that is not known', '- [~] 1. A\n- [ ] 2. B\n'],
    ['a fence that is never closed', '- [ ] 1. A\n```\n- [ ] 2. B\n'],
  ])('%s is named as a problem', (_name, text) => {
    expect(parseTasks(text).problems).toHaveLength(1);
  });

  test.each(['', '# Tasks\n\nNone yet.\n', '- [ ] write it\n', '```\n- [ ] 1. A\n```\n', '---\n- [ ] 1. A\n---\n', '- [ ] 2.1 Tokenise\n', '### Task 1: Build ✅\n'])(
    'nothing understood is an error, never an empty success: %j',
    (text) => {
      expect(() => parseTasks(text)).toThrow(expect.objectContaining({code: 'TASK_NOT_FOUND'}) as Error);
    },
  );

  test('an unknown id lists what there is', () => {
    expect(() => findTask(parseTasks(sample), '3')).toThrow(/1, 1\.1, 1\.2, 2, 2\.1, 10/);
  });
});

describe('ticking', () => {
  test('the own box and those of the children are ticked, and nothing else changes', () => {
    const ticked = tickTask(sample, '1');
    expect(ticked).toBe(sample.replace('- [ ] 1. Add', '- [x] 1. Add').replace('- [ ] 1.2', '- [x] 1.2'));
  });

  test('a part is ticked alone', () => {
    expect(tickTask('- [ ] 1. A\n  - [ ] 1.1 B\n', '1.1')).toBe('- [ ] 1. A\n  - [x] 1.1 B\n');
  });

  test('line ends, a byte order mark, a capital X and a missing last line end stay', () => {
    const text = '\ufeff- [ ] 1. A  \r\n\t- [X] 1.1 B\r\n\r\n* [ ] 2. [ ] C';
    expect(tickTask(text, '1')).toBe('\ufeff- [x] 1. A  \r\n\t- [X] 1.1 B\r\n\r\n* [ ] 2. [ ] C');
    expect(tickTask(text, '2')).toBe('\ufeff- [ ] 1. A  \r\n\t- [X] 1.1 B\r\n\r\n* [x] 2. [ ] C');
  });
});

const title = fc.string({minLength: 1, unit: 'grapheme'}).map((text) => `t${text.replace(/[\r\n]/g, ' ')}`);
const box = fc.constantFrom(' ', 'x', 'X');
const noise = fc.constantFrom('', 'Some text [ ] 1.', '```\n- [ ] 1. fenced\n  - [ ] 1.1 too\n```', '## Heading', '> - [ ] 1. quoted');
const taskFile = fc
  .record({
    end: fc.constantFrom('\n', '\r\n'),
    front: fc.constantFrom('', '---\nid: "- [ ] 1. no"\n---\n', '\ufeff'),
    tasks: fc.array(fc.record({box, title, noise, indent: fc.constantFrom('  ', '    ', '\t', ''), parts: fc.array(fc.record({box, title, noise}), {maxLength: 4})}), {minLength: 1, maxLength: 5}),
  })
  .map(({end, front, tasks}) => {
    const lines = tasks.flatMap((task, index) => [
      `- [${task.box}] ${index + 1}. ${task.title}`,
      task.noise,
      ...task.parts.flatMap((part, number) => [`${task.indent}- [${part.box}] ${index + 1}.${number + 1} ${part.title}`, part.noise]),
    ]);
    return {text: front + lines.join('\n').replaceAll('\n', end), count: tasks.length};
  });

describe('laws of ticking', () => {
  test('what was ticked is read as done, and all other tasks as before', () => {
    fc.assert(
      fc.property(taskFile, fc.nat(), ({text, count}, pick) => {
        const id = String((pick % count) + 1);
        const before = parseTasks(text);
        const after = parseTasks(tickTask(text, id));
        expect(before.tasks).toHaveLength(count);
        expect(findTask(after, id).done).toBe(true);
        expect(after.tasks.filter((task) => task.id !== id)).toEqual(before.tasks.filter((task) => task.id !== id));
      }),
    );
  });

  test('ticking twice is ticking once, and only boxes of that task change', () => {
    fc.assert(
      fc.property(taskFile, fc.nat(), ({text, count}, pick) => {
        const id = String((pick % count) + 1);
        const ticked = tickTask(text, id);
        expect(tickTask(ticked, id)).toBe(ticked);
        const task = findTask(parseTasks(text), id);
        const boxes = new Set([task, ...task.children].map((entry) => entry.boxOffset));
        expect(ticked).toHaveLength(text.length);
        for (let at = 0; at < text.length; at += 1) {
          if (ticked[at] !== text[at]) expect([boxes.has(at), text[at], ticked[at]]).toEqual([true, ' ', 'x']);
        }
      }),
    );
  });

  test('any text is a list of tasks or a clear error', () => {
    const piece = fc.constantFrom('- [ ] ', '1', '.', '1.1', ' ', '\t', '\n', '\r', '```', '~~~', '---', '[x]', 'a', '\ufeff', '*');
    fc.assert(
      fc.property(fc.array(piece, {maxLength: 60}).map((pieces) => pieces.join('')), (text) => {
        try {
          expect(parseTasks(text).tasks.length).toBeGreaterThan(0);
        } catch (error) {
          if (!isAppError(error, 'TASK_NOT_FOUND')) throw error;
        }
      }),
    );
  });
});
