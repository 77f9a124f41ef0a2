import {describe, expect, test} from 'vitest';
import {readDeliverables} from '../../../../src/project/agent-os/deliverables.js';
import {foldersAbove, relativePath, type Naming} from '../../../../src/project/agent-os/host-path.js';
import {parseDetail} from '../../../../src/project/agent-os/detail.js';
import {readLines} from '../../../../src/project/agent-os/text/lines.js';
import {readNodes} from '../../../../src/project/agent-os/text/nodes.js';
import {taskOf} from './shown.js';

function promised(text: string, naming: Naming = {}): readonly string[] {
  return readDeliverables(readNodes(readLines(text).lines), naming).deliverables.map(({path, action, folder, optional}) => `${action} ${path}${folder ? '/' : ''}${optional ? '?' : ''}`);
}

describe('headings and bold lines', () => {
  test.each([
    ['- **File to Create**: `src/a.ts`\n', ['create src/a.ts']],
    ['- **Files to Create**:\n  - `src/a.ts`\n  - `src/b.ts` - uses `src/no.ts`\n- **Notes**:\n  - `src/no.ts`\n', ['create src/a.ts', 'create src/b.ts']],
    ['**Files to Create/Modify**:\n- `src/a.ts`\n- src/b.ts\n\n**Key Requirements**\n- `src/no.ts`\n', ['either src/a.ts', 'either src/b.ts']],
    ['### Files to Create\n- `src/a.ts`\n\n### Files to Modify\n- `src/b.ts`\n\n### Files to Reference\n- `src/no.ts`\n', ['create src/a.ts', 'modify src/b.ts']],
    ['**Migration Script Files to Create**:\n- `scripts/m.ts`\n', ['create scripts/m.ts']],
    ['- **File**: `src/a.ts`\n- **Purpose**: x\n- **Action**: MODIFY\n', ['modify src/a.ts']],
    ['- **File**: `src/a.ts`\n- **Action**: MAY MODIFY\n', ['modify src/a.ts?']],
    ['## Files to be Created\n1. `src/a.ts`\n## Files to be Modified\n- [ ] `src/b.ts` (MODIFY - note)\n## Tests to be Created\n- `test/a.test.ts`\n', ['create src/a.ts', 'modify src/b.ts', 'create test/a.test.ts']],
    ['## Expected Files\n- `src/a.ts`\n## Deliverables\n- docs/a.md: the text\n', ['either src/a.ts', 'either docs/a.md']],
    ['**Configuration Files:**\n- [ ] `vitest.config.ts`\n**Modified Files:**\n- [ ] `package.json` (MODIFY)\n**Verification Criteria:**\n- [ ] `npm test` passes\n', ['either vitest.config.ts', 'modify package.json']],
    ['### New Files\n- `src/a.ts`\n### Deleted Files\n- `src/b.ts`\n', ['create src/a.ts', 'delete src/b.ts']],
    ['## Files to Create\n- `src/a.ts`, `src/b.ts` and `src/c.ts`\n', ['create src/a.ts', 'create src/b.ts', 'create src/c.ts']],
    ['## Files to Create\n| File | Purpose |\n|---|---|\n| `src/a.ts` | x |\n', ['create src/a.ts']],
    ['## Related Files\n- `src/no.ts`\n## Reference Files\n- `src/no.ts`\n## Context\n- `src/no.ts`\n', []],
    ['```\n## Files to Create\n- `src/no.ts`\n```\n', []],
  ])('%j', (text, expected) => {
    expect(promised(text)).toEqual(expected);
  });
});

describe('paths', () => {
  const one = (written: string, naming?: Naming): readonly string[] => promised(`**Files to Create**:\n- ${written}\n`, naming);
  test.each([
    ['`Dockerfile`', 'create Dockerfile'],
    ['`Makefile` - build', 'create Makefile'],
    ['`.env.example`', 'create .env.example'],
    ['`src/components/`', 'create src/components/'],
    ['`./src/a.ts`', 'create src/a.ts'],
    ['`src/a.ts:12-40`', 'create src/a.ts'],
    ['`app/(site)/vendors/[slug]/page.tsx`', 'create app/(site)/vendors/[slug]/page.tsx'],
    ['app/(site)/[...all]/page.tsx (new)', 'create app/(site)/[...all]/page.tsx'],
    ['`docs/read me.md`', 'create docs/read me.md'],
    ['`src\\lib\\a.ts`', 'create src/lib/a.ts'],
    ['**`src/a.ts`** (NEW)', 'create src/a.ts'],
    ['Create src/a.ts with a test', 'create src/a.ts'],
  ])('%s is read literally', (written, expected) => {
    expect(one(written)).toEqual([expected]);
  });

  test.each(['`createUser()`', '`npm run build`', '`GET /users`', '`https://x.org/a.ts`', 'None', 'N/A', 'Write it well', '`100%`'])('%s is no path', (written) => {
    expect(one(written)).toEqual([]);
  });

  test('paths of this and of another machine lose what is before the root', () => {
    const folders = foldersAbove(['src/lib/a.ts', 'app/(site)/x.tsx']);
    expect(one('`/work/it/src/a.ts`', {root: '/work/it'})).toEqual(['create src/a.ts']);
    expect(one('`/home/jo/dev/it/src/new.ts`', {root: '/work/it'})).toEqual(['create src/new.ts']);
    expect(one('`/home/jo/src/other/src/lib/new.ts`', {root: '/work/xy', folders})).toEqual(['create src/lib/new.ts']);
    expect(one('`C:\\jo\\x\\app\\(site)\\[id].tsx`', {folders})).toEqual(['create app/(site)/[id].tsx']);
  });

  test.each(['`../a.ts`', '`src/../../a.ts`', '`/etc/passwd`', '`~/a.ts`', '`src/*.ts`', '`.git/config`', '`@/lib/a.ts`'])('%s is a problem, not a deliverable', (written) => {
    const read = readDeliverables(readNodes(readLines(`## Files to Create\n- ${written}\n`).lines), {root: '/work/it'});
    expect(read.deliverables).toEqual([]);
    expect(read.problems.map(({kind}) => kind)).toEqual(['unusable-path']);
  });

  test('a long hostile path ends quickly', () => {
    expect('problem' in relativePath(`/${'src/'.repeat(400)}../x`, {folders: new Set(['src'])})).toBe(true);
  });
});

test('a task of a list has the files that are named below it', () => {
  expect(taskOf('- [ ] 1. A\n  - **File to Create**: `src/a.ts`\n- [ ] 2. B\n  - **Files to Modify**:\n    - `src/b.ts`\n', '2').deliverables.map(({path}) => path)).toEqual(['src/b.ts']);
});

describe('detail files', () => {
  const detail = (status: string, box = ' '): string =>
    `# Task: impl-api - Build the API\n\n## Task Metadata\n- **Task ID**: impl-api\n- **Phase**: 2\n- **Dependencies**: [pre-1, pre-2]\n- **Status**: ${status}\n\n## Specifics\n- **Files to Create**:\n  - \`src/api.ts\`\n\n## Acceptance Criteria\n- [${box}] It answers\n\n## Quality Gates\n- [ ] Lint\n\n## Related Files\n- \`src/no.ts\`\n`;

  test('everything that matters is read', () => {
    expect(parseDetail(detail('[ ] Not Started'))).toMatchObject({id: 'impl-api', title: 'Build the API', state: 'open', dependencies: ['pre-1', 'pre-2'], criteria: [{text: 'It answers', ticked: false}], problems: []});
    expect(parseDetail(detail('pending')).deliverables.map(({path}) => path)).toEqual(['src/api.ts']);
    expect(parseDetail(detail('pending').replace('## Task Metadata', '## Metadata').replaceAll('\n', '\r\n')).state).toBe('open');
    expect(parseDetail('# Task 1.2: Do it\n\n**Status:** completed\n').id).toBe('1.2');
  });

  test('complete with open criteria, and nothing promised, are problems', () => {
    expect(parseDetail(detail('✅ COMPLETED')).problems.map(({kind}) => kind)).toEqual(['contradiction']);
    expect(parseDetail(detail('✅ COMPLETED', 'x')).problems).toEqual([]);
    expect(parseDetail('# Task: a-b - T\n').problems.map(({kind}) => kind)).toEqual(['no-deliverable']);
  });

  test('another file is refused', () => {
    for (const text of ['', '# Notes\n', '- [ ] 1. A\n', `# Notes\n\n- **Task ID**: ${'x'.repeat(200)}\n`]) expect(() => parseDetail(text)).toThrow(expect.objectContaining({code: 'AGENT_OS_INVALID'}) as Error);
  });
});
