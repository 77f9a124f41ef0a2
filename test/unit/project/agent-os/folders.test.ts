import {describe, expect, test} from 'vitest';
import {tasksFileNamed, tasksFilesHint} from '../../../../src/project/agent-os/find-tasks.js';
import {findAgentOs} from '../../../../src/project/agent-os/layout.js';
import {groupFinder, parseOrchestration, standardsOf} from '../../../../src/project/agent-os/orchestration.js';
import {detailPaths, keptPaths, reportFolderOf, specFolder, tasksFileOf} from '../../../../src/project/agent-os/places.js';
import {seeAgentOs} from '../../../../src/project/agent-os/seen.js';
import {parseSpec} from '../../../../src/project/agent-os/spec.js';
import {parseTasks} from '../../../../src/project/agent-os/tasks.js';

describe('folders', () => {
  test('every generation, nested and in packages, with any name of a spec', () => {
    const found = findAgentOs([
      '.agent-os/config.yml',
      '.agent-os/product/mission-lite.md',
      '.agent-os/standards/code-style/css.md',
      '.agent-os/specs/2025-10-11-export/tasks.md',
      '.agent-os/specs/2025-10-11-export/spec.md',
      '.agent-os/specs/2025-10-11-export/sub-specs/technical-spec.md',
      '.agent-os/specs/2025-10-11-export/tasks/task-impl-a.md',
      '.agent-os/specs/20251015-odd/sub-specs/tasks.md',
      '.agent-os/specs/undated/tasks.md',
      '.agent-os/specs/2025-10-13-merge-command-#100/tasks.md',
      '.agent-os/packages/core/specs/inner/tasks.md',
      'packages/web/agent-os/specs/2025-11-01-x/tasks.md',
      'packages/web/agent-os/specs/2025-11-01-x/orchestration.yml',
      'packages/web/agent-os/specs/2025-11-01-x/planning/task-assignments.yml',
      'v3/agent-os/standards/index.yml',
      'v3/agent-os/specs/2026-01-20-1200-y/plan.md',
      'specs/003-kit/tasks.md',
      'specs/003-kit/spec.md',
      'src/agent-os.ts',
    ]);
    expect(found.map(({path, generation, specs}) => [path, generation, specs.map(({slug}) => slug)])).toEqual([
      ['.agent-os', 'v1', ['export', 'odd', 'undated', 'merge-command-#100', 'inner']],
      ['packages/web/agent-os', 'v2', ['x']],
      ['specs', 'spec-kit', ['kit']],
      ['v3/agent-os', 'v3', ['y']],
    ]);
    expect(found[0]).toMatchObject({config: '.agent-os/config.yml', standards: ['.agent-os/standards/code-style/css.md']});
    expect(found[0]?.specs[0]).toMatchObject({
      tasks: ['.agent-os/specs/2025-10-11-export/tasks.md'],
      documents: ['.agent-os/specs/2025-10-11-export/spec.md', '.agent-os/specs/2025-10-11-export/sub-specs/technical-spec.md'],
    });
    expect(found[0]?.specs[1]?.tasks).toEqual(['.agent-os/specs/20251015-odd/sub-specs/tasks.md']);
    expect(found[1]?.specs[0]).toMatchObject({orchestration: 'packages/web/agent-os/specs/2025-11-01-x/orchestration.yml', assignments: 'packages/web/agent-os/specs/2025-11-01-x/planning/task-assignments.yml'});
    expect(findAgentOs(['src/a.ts', 'specs/readme.md'])).toEqual([]);
  });

  test('the folder of a spec, and all that may be written for a task of it', () => {
    expect(['a/specs/x/tasks.md', 'a/specs/x/sub-specs/tasks.md', 'a/specs/x/tasks/task-b.md', 'tasks.md', 'specs/tasks.md', 'x/tasks/task-b.md'].map(specFolder)).toEqual(['a/specs/x', 'a/specs/x', 'a/specs/x', '.', 'specs', 'x']);
    expect(tasksFileOf('a/specs/x/tasks/task-b.md')).toBe('a/specs/x/tasks.md');
    expect(detailPaths({path: 'a/tasks.md', id: 'PRE-1'})).toEqual(['a/tasks/task-PRE-1.md', 'a/tasks/PRE-1.md', 'a/tasks/task-pre-1.md', 'a/tasks/pre-1.md']);
    expect(detailPaths({path: 'a/tasks.md', id: '../../x'})).toEqual([]);
    expect(keptPaths({path: 'tasks.md', id: '1'})).toEqual(['tasks.md', 'verifications', 'tasks/task-1.md', 'tasks/1.md']);
    expect(keptPaths({path: 'a/specs/x/tasks/task-b-1.md', id: 'b-1'})).toEqual(expect.arrayContaining(['a/specs/x/tasks/task-b-1.md', 'a/specs/x/tasks.md', 'a/specs/x/verifications', 'a/specs/x/verification', 'a/specs/x/reports']));
  });

  test('the report goes to the folder of reports that is there', () => {
    expect(reportFolderOf('a/specs/x/tasks.md', () => false)).toBe('a/specs/x/verifications');
    expect(reportFolderOf('a/specs/x/tasks.md', (folder) => folder === 'a/specs/x/verification')).toBe('a/specs/x/verification');
    expect(reportFolderOf('tasks.md', (folder) => folder === 'reports')).toBe('verifications');
  });
});

describe('naming a list of tasks', () => {
  const paths = ['.agent-os/specs/2025-10-11-export/tasks.md', '.agent-os/specs/2025-10-11-export/sub-specs/tasks.md', 'web/agent-os/specs/2025-11-01-login/tasks.md', 'api/agent-os/specs/2025-11-02-login/tasks.md', '.agent-os/specs/2025-10-13-merge-#100/tasks.md', '.agent-os/specs/2025-12-01-idea/spec.md', 'specs/003-kit/tasks.md'];

  test.each([
    ['export', paths[0]],
    ['EXPORT', paths[0]],
    ['2025-10-11-export', paths[0]],
    ['./.agent-os/specs/2025-10-11-export/', paths[0]],
    ['2025-11-01-login', paths[2]],
    ['merge-#100', paths[4]],
    ['kit', paths[6]],
    ['nothing', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%s', (name, path) => {
    expect(tasksFileNamed(paths, name)).toBe(path);
  });

  test('several of the name, and a spec without a list, are refused by name', () => {
    expect(() => tasksFileNamed(paths, 'login')).toThrow(expect.objectContaining({code: 'TASK_NOT_FOUND', message: expect.stringMatching(/api\/.*web\//) as unknown}) as Error);
    expect(() => tasksFileNamed(paths, 'idea')).toThrow(expect.objectContaining({code: 'TASK_NOT_FOUND', message: expect.stringMatching(/no list/) as unknown}) as Error);
    expect(tasksFilesHint(paths)).toMatch(/web\/agent-os/);
    expect(tasksFilesHint(['src/a.ts'])).toMatch(/no tasks file/);
  });

  test('what is told of folders: committed ones, and one on disk alone', () => {
    expect(seeAgentOs(paths, ['agent-os', '.agent-os', 'src']).map(({path, generation, specs, tasks}) => [path, generation, specs, tasks.length])).toEqual([['.agent-os', 'v1', 3, 3], ['api/agent-os', 'v2', 1, 1], ['specs', 'spec-kit', 1, 1], ['web/agent-os', 'v2', 1, 1], ['agent-os', 'unknown', 0, 0]]);
    expect(seeAgentOs(['specs/003-x/notes.md'], [])).toEqual([]);
  });
});

describe('spec.md', () => {
  test('both generations', () => {
    expect(parseSpec('# Spec Requirements Document\n\n## Overview\n\nExport it.\n\n## Spec Scope\n\n1. **Rows** - all\n   of them\n2. **Columns**\n\n## Out of Scope\n\n- PDF\n\n## Expected Deliverable\n\n1. A file\n2. A button\n')).toMatchObject({goal: 'Export it.', scope: ['**Rows** - all\nof them', '**Columns**'], outOfScope: ['PDF'], expected: ['A file', 'A button']});
    expect(parseSpec('# Specification: Export\r\n\r\n## Goal\r\nExport it.\r\n\r\n## Specific Requirements\r\n\r\n**Rows**\r\n- all\r\n')).toMatchObject({title: 'Export', goal: 'Export it.', scope: ['Rows', 'all']});
    expect(() => parseSpec('Some text.\n')).toThrow(expect.objectContaining({code: 'AGENT_OS_INVALID'}) as Error);
  });
});

describe('orchestration.yml', () => {
  const list = parseTasks('#### Task Group 1: Foundation\n- [ ] 1.0 All\n  - [ ] 1.1 X\n#### Task Group 2: API Layer\n- [ ] 2.0 All\n  - [ ] 2.1 Y\n');

  test('groups are found by title or number, however they are written', () => {
    expect(['Phase 1 - Foundation', 'Task Group 2: API', 'api layer', 'Phase 2', 'Nothing'].map((name) => groupFinder(list)(name)?.id)).toEqual(['1', '2', '2', '2', undefined]);
  });

  test('both forms are read, others refused', () => {
    expect(parseOrchestration('task_groups:\n  - name: Foundation\n    claude_code_subagent: backend\n    standards: [all]\n  - name: API\n')).toEqual([{name: 'Foundation', specialist: 'backend', standards: ['all']}, {name: 'API', specialist: undefined, standards: []}]);
    expect(parseOrchestration('task_assignments:\n  - task_group: "Task Group 1: X"\n    assigned_subagent: api-engineer\n')).toEqual([{name: 'Task Group 1: X', specialist: 'api-engineer', standards: []}]);
    for (const text of ['', 'task_groups: []', 'a: 1', '[']) expect(() => parseOrchestration(text)).toThrow(expect.objectContaining({code: 'AGENT_OS_INVALID'}) as Error);
  });

  test('standards: all, a folder, a file, none, each file once', () => {
    const files = ['global/a.md', 'global/deep/b.md', 'frontend/css.md'];
    expect(standardsOf(['global/*', 'frontend/css.md', 'global/a.md'], files)).toEqual({files: ['global/a.md', 'global/deep/b.md', 'frontend/css.md'], unknown: []});
    expect(standardsOf(['all'], files).files).toEqual(files);
    expect(standardsOf(['none', 'gone.md'], files)).toEqual({files: [], unknown: ['gone.md']});
  });
});
