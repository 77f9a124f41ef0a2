import {describe, expect, test} from 'vitest';
import {findTask, isComplete, parseTasks} from '../../../../src/project/agent-os/tasks.js';
import {problemsOf, shown, taskOf} from './shown.js';

describe('states in a line', () => {
  test.each([
    ['- [ ] 1. A', 'open', 'A'],
    ['- [] 1. A', 'open', 'A'],
    ['- [x] 1. A', 'complete', 'A'],
    ['- [X] 1. A ✅', 'complete', 'A'],
    ['- [⚠️] 1. A', 'blocked', 'A'],
    ['- [~] 1. A', 'active', 'A'],
    ['- [-] 1. A', 'skipped', 'A'],
    ['- [ ] 1. A 🔄', 'active', 'A'],
    ['- [ ] 1. A ⚠️ Partial', 'partial', 'A'],
    ['- [ ] 1. A ❌', 'open', 'A'],
    ['- [ ] 1. A (TODO)', 'open', 'A'],
    ['- [ ] 1. A (Skipped - no test target)', 'skipped', 'A'],
    ['- [ ] 1. A (deferred to v2)', 'skipped', 'A'],
    ['- [ ] 1. A - **BLOCKED**', 'blocked', 'A'],
    ['- [ ] 1. A — BLOCKED', 'blocked', 'A'],
    ['- [ ] 1. A ⚠️ Blocking issue: no key', 'blocked', 'A'],
    ['- [ ] 1. A [in progress]', 'active', 'A'],
    ['- [ ] 1. ~~A~~ → replaced by 2', 'dropped', '~~A~~ → replaced by 2'],
    ['- [ ] 1. Add a way to skip (optional)', 'open', 'Add a way to skip (optional)'],
    ['- [ ] 1. Show who is blocked', 'open', 'Show who is blocked'],
    ['- [ ] 1. Übung 12/13 (see notes)', 'open', 'Übung 12/13 (see notes)'],
    ['### ✅ Task 1: A', 'complete', 'A'],
    ['### Task 1: A ✅ COMPLETE', 'complete', 'A'],
    ['### Task 1: A ✅ COMPLETE (41/113 tests passing)', 'partial', 'A'],
    ['### Task 1: A (COMPLETED)', 'complete', 'A'],
  ])('%s', (line, state, title) => {
    expect(taskOf(`${line}\n`, '1')).toMatchObject({state, title});
  });
});

describe('states in a Status line', () => {
  test.each([
    ['[ ] Not Started', 'open'],
    ['pending', 'open'],
    ['Ready for Implementation', 'open'],
    ['completed', 'complete'],
    ['[x] ✅ COMPLETE', 'complete'],
    ['[x] Complete', 'complete'],
    ['✅ COMPLETED', 'complete'],
    ['**Done**', 'complete'],
    ['In Progress', 'active'],
    ['in_progress', 'active'],
    ['🔄 In Progress', 'active'],
    ['⚠️ Partial', 'partial'],
    ['Blocked - no key', 'blocked'],
    ['not complete', 'open'],
    ['Complete except for the docs', 'partial'],
    ['✅ Passed with Issues', 'partial'],
    ['✅ COMPLETE (41/113 tests passing, limits documented)', 'partial'],
    ['✅ Complete (12 passed, 0 failed)', 'complete'],
    ['80% complete', 'partial'],
    ['Cancelled', 'skipped'],
  ])('%s', (value, state) => {
    expect(taskOf(`### Task 1: A\n- **Status:** ${value}\n`, '1').state).toBe(state);
  });

  test.each(['✅ Complete | ⚠️ Partial | 🔄 In Progress', 'who knows'])('a value that is not understood is a problem, and the task open: %s', (value) => {
    expect(taskOf(`### Task 1: A\n- **Status:** ${value}\n`, '1').state).toBe('open');
    expect(problemsOf(`### Task 1: A\n- **Status:** ${value}\n`)).toEqual(['not-understood']);
  });

  test('the whole line may be bold, and a plain Status that says no state is a detail', () => {
    expect(taskOf('### Task 1: A\n**STATUS: PARTIALLY COMPLETED**\n', '1').state).toBe('partial');
    expect(problemsOf('- [x] 1. A\n  - Status: a rune of the store\n')).toEqual([]);
  });
});

describe('contradictions are reported and never complete', () => {
  const contrary = (text: string, id = '1'): readonly unknown[] => [problemsOf(text), isComplete(findTask(parseTasks(text), id))];
  test.each([
    ['a ticked parent with an open part', '- [x] 1. A\n  - [ ] 1.1 B\n'],
    ['a ticked parent with an open part below a part', '- [x] 1. A\n  - [x] 1.1 B\n    - [ ] 1.1.1 C\n'],
    ['a ticked parent with a skipped part', '- [x] 1. A\n  - [ ] 1.1 B (skipped)\n'],
    ['an open box that says it is complete', '- [ ] 1. A ✅\n'],
    ['a ticked box that says it is skipped', '- [x] 1. A (Skipped - no test target)\n'],
    ['a ticked box that says it is to do', '- [x] 1. A (TODO)\n'],
    ['a ticked box with a blocking issue', '- [x] 1. A\n  ⚠️ Blocking issue: no key\n'],
    ['a ticked box with another status', '- [x] 1. A\n  - **Status**: pending\n'],
    ['a ticked group whose heading says partial', '#### Task Group 1: A ⚠️ Partial\n- [x] 1.0 All\n  - [x] 1.1 B\n'],
    ['a status that says both', '### Task 1: A\n- **Status:** [ ] ✅ COMPLETE\n'],
  ])('%s', (_name, text) => {
    const [kinds, complete] = contrary(text) as readonly [readonly string[], boolean];
    expect(kinds).toContain('contradiction');
    expect(complete).toBe(false);
  });

  test('a ticked parent with an open part is partial', () => {
    expect(shown('- [x] 1. A\n  - [ ] 1.1 B\n')).toEqual(['1 partial A', '  1.1 open B']);
  });

  test('an open parent whose parts are all ticked is reported, and is open', () => {
    expect(contrary('- [ ] 1. A\n  - [x] 1.1 B\n')).toEqual([['contradiction'], false]);
  });

  test('an id that is there twice', () => {
    expect(problemsOf('- [x] 1. A\n- [x] 1. B\n')).toEqual(['duplicate-id', 'duplicate-id']);
    expect(parseTasks('- [x] 1. A\n- [x] 1. B\n').tasks.map(isComplete)).toEqual([false, false]);
  });

  test('a struck part does not count, and a struck task is not complete', () => {
    expect(contrary('- [x] 1. A\n  - [ ] ~~1.1 B~~ → replaced by 1.2\n  - [x] 1.2 C\n')).toEqual([[], true]);
    expect(shown('- [ ] ~~1. A~~\n')).toEqual(['1 dropped A']);
  });

  test.each([
    ['a box that is not known', '- [?] 1. A\n', 'not-understood'],
    ['a part under another task', '- [ ] 1. A\n  - [ ] 2.1 B\n', 'misplaced'],
    ['a fence that is never closed', '- [ ] 1. A\n```\n- [ ] 2. B\n', 'not-understood'],
    ['a comment that is never closed', '- [ ] 1. A\n<!--\n- [ ] 2. B\n', 'not-understood'],
  ])('%s is named as a problem', (_name, text, kind) => {
    expect(problemsOf(text)).toEqual([kind]);
  });
});
