import {chmod, mkdir, readFile, stat, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {ToolOutcome} from '../../../src/agents/conversation.js';
import {makeRedactor} from '../../../src/core/redact.js';
import {toolNamed} from '../../../src/agents/tools/registry.js';
import {pathInWorkspace} from '../../../src/agents/tools/edit-files.js';
import {capturedText, maxOutputCharacters} from '../../../src/agents/tools/output.js';
import {startFakeBox, type FakeBox} from './fake-box.js';

const signal = new AbortController().signal;
let calls = 0;
const secret = 'c4n4ry-53cr3t-v4lue';
const redact = makeRedactor([{name: 'CANARY', value: secret}]);

async function call(box: FakeBox, name: string, input: unknown): Promise<ToolOutcome> {
  const outcome = await toolNamed(name)?.call(input, {exec: (command) => box.exec({...command, id: `t-${calls++}`, signal}), redact});
  return outcome ?? {text: 'no such tool', isError: true};
}
const bash = (box: FakeBox, command: string): Promise<ToolOutcome> => call(box, 'bash', {command});
const edit = (box: FakeBox, input: Readonly<Record<string, unknown>>): Promise<ToolOutcome> => call(box, 'str_replace_based_edit_tool', input);
const content = (box: FakeBox, path: string): Promise<string> => readFile(join(box.directory, path), 'utf8');

describe('bash', () => {
  it('tells both outputs and the exit code, and a failing command is no error of the tool', async () => {
    await using box = await startFakeBox();
    expect(await bash(box, 'echo out; echo err >&2; exit 3')).toEqual({text: 'out\n[stderr]\nerr\n[exit code 3]', isError: false});
    expect(await bash(box, 'true')).toEqual({text: '[no output]', isError: false});
  });

  it('runs the command as it was written, also with quotes, dollars and line breaks', async () => {
    await using box = await startFakeBox();
    expect((await bash(box, `x='a "b"'\necho "$x" '$HOME' 0`)).text).toBe('a "b" $HOME 0');
  });

  it('cuts a huge output in its middle, and says how much there was', async () => {
    await using box = await startFakeBox();
    const {text} = await bash(box, 'echo FIRST; head -c 1000000 /dev/zero | tr "\\0" x; echo; echo LAST');
    expect(text.length).toBeLessThanOrEqual(maxOutputCharacters);
    expect(text).toMatch(/^FIRST/);
    expect(text).toMatch(/LAST$/);
    expect(text).toContain('1000012');
  });

  it('takes bytes that are no text, and characters cut in two', async () => {
    await using box = await startFakeBox();
    expect((await bash(box, "printf 'a\\377b'")).text).toBe('a\ufffdb');
    const {text} = await bash(box, 'i=0; while [ $i -lt 9000 ]; do printf "😀😀😀😀😀😀"; i=$((i+1)); done');
    expect(text.length).toBeLessThanOrEqual(maxOutputCharacters);
    expect(Buffer.from(text).toString('utf8')).toBe(text);
  });

  it('tells no secret, in whatever pieces and forms the command prints it', async () => {
    await using box = await startFakeBox();
    const [first, second] = [secret.slice(0, 9), secret.slice(9)];
    const printed = `s=${first}; printf "$s"; sleep 0.1; printf '${second}\\n'; printf "$s%s" '${second}' | base64; printf "$s%s" '${second}' | od -An -tx1 >&2; exit 1`;
    expect(await bash(box, printed)).toEqual({text: '[secret CANARY]\n[secret CANARY]Q==\n[stderr]\n [secret CANARY]\n\n[exit code 1]', isError: false});
  });

  it('leaves neither half of a secret that a cut goes through', () => {
    const captured = (head: string, tail: string): string => capturedText({head: Buffer.from(head), tail: Buffer.from(tail), totalBytes: 1000}, redact);
    for (let at = 1; at < secret.length; at += 1) {
      const text = captured(`. ${secret.slice(0, at)}`, `${secret.slice(at)} .`);
      expect(text).toMatch(/^\. \n\[… .*…\]\n \.$/);
    }
    expect(captured(`. ${secret}`, '. .')).toMatch(/^\. \[secret CANARY\]\n\[… .*…\]\n\. \.$/);
  });

  it.each([[{}], [{command: 'echo \0'}], [{command: 'x'.repeat(200_000)}], [{command: 5}]])('refuses an unusable input without running anything', async (input) => {
    await using box = await startFakeBox();
    expect((await call(box, 'bash', input)).isError).toBe(true);
    expect(box.ran).toEqual([]);
  });
});

describe('the editor', () => {
  it('creates a file with the directories above it, by relative and by absolute path', async () => {
    await using box = await startFakeBox();
    expect((await edit(box, {command: 'create', path: 'a/b/c.txt', file_text: 'one\ntwo ✓\n'})).isError).toBe(false);
    expect((await edit(box, {command: 'create', path: '/box/workspace/-d.txt', file_text: ''})).isError).toBe(false);
    expect(await content(box, 'a/b/c.txt')).toBe('one\ntwo ✓\n');
    expect(await content(box, '-d.txt')).toBe('');
  });

  it('keeps the executable bit of a file, and follows a link to it', async () => {
    await using box = await startFakeBox();
    await writeFile(join(box.directory, 'run.sh'), 'old');
    await chmod(join(box.directory, 'run.sh'), 0o755);
    await symlink('run.sh', join(box.directory, 'link'));
    await edit(box, {command: 'create', path: 'link', file_text: 'new'});
    expect(await content(box, 'run.sh')).toBe('new');
    expect((await stat(join(box.directory, 'run.sh'))).mode & 0o777).toBe(0o755);
  });

  it('does not touch a file when the new content did not arrive whole', async () => {
    await using box = await startFakeBox();
    await writeFile(join(box.directory, 'a'), 'old');
    const cut = await toolNamed('str_replace_based_edit_tool')?.call({command: 'create', path: 'a', file_text: 'a long new text'}, {
      exec: (command) => box.exec({...command, stdin: command.stdin?.subarray(0, 5), id: 'cut', signal}),
      redact,
    });
    expect(cut?.isError).toBe(true);
    expect(await content(box, 'a')).toBe('old');
  });

  it('views with line numbers, a range of them, and lists a directory', async () => {
    await using box = await startFakeBox();
    await mkdir(join(box.directory, 'src/deep/deeper'), {recursive: true});
    await mkdir(join(box.directory, '.git'));
    await writeFile(join(box.directory, 'src/a.js'), 'one\ntwo\nthree\n');
    expect((await edit(box, {command: 'view', path: 'src/a.js'})).text).toBe('     1\tone\n     2\ttwo\n     3\tthree');
    expect((await edit(box, {command: 'view', path: 'src/a.js', view_range: [2, -1]})).text).toBe('     2\ttwo\n     3\tthree');
    expect((await edit(box, {command: 'view', path: 'src/a.js', view_range: [4, 5]})).isError).toBe(true);
    expect((await edit(box, {command: 'view', path: '/box/workspace'})).text).toBe('./src/\n./src/a.js\n./src/deep/');
  });

  it('shows no secret of a file, and the lines behind it keep their numbers', async () => {
    await using box = await startFakeBox();
    const lines = (Buffer.from(secret).toString('base64').match(/.{1,9}/g) ?? []).join('\n');
    await writeFile(join(box.directory, 'a'), `one\n${secret}\n${lines}\nlast\n`);
    await writeFile(join(box.directory, secret), '');
    const {text} = await edit(box, {command: 'view', path: 'a'});
    expect(text).toContain('     2\t[secret CANARY]');
    expect(text).toMatch(/     7\tlast$/);
    expect(redact.find(text)).toBeUndefined();
    expect((await edit(box, {command: 'view', path: '.'})).text).toBe('./[secret CANARY]\n./a');
    expect(await content(box, 'a')).toContain(secret);
  });

  it('replaces exactly one match, byte for byte, also beside bytes that are no text', async () => {
    await using box = await startFakeBox();
    await writeFile(join(box.directory, 'a'), Buffer.from([0xff, 0x61, 0x62, 0x63, 0xfe]));
    expect((await edit(box, {command: 'str_replace', path: 'a', old_str: 'b', new_str: '$&'})).isError).toBe(false);
    expect([...(await readFile(join(box.directory, 'a')))]).toEqual([0xff, 0x61, 0x24, 0x26, 0x63, 0xfe]);
  });

  it.each([
    ['no match', 'x', 'aaa\n'],
    ['two matches', 'b', 'b\nb\n'],
    ['two overlapping matches', 'aa', 'aaa\n'],
    ['an empty old_str', '', 'aaa\n'],
  ])('changes nothing on %s', async (_, old, text) => {
    await using box = await startFakeBox();
    await writeFile(join(box.directory, 'a'), text);
    expect((await edit(box, {command: 'str_replace', path: 'a', old_str: old, new_str: 'new'})).isError).toBe(true);
    expect(await content(box, 'a')).toBe(text);
  });

  it.each([
    [0, 'one\ntwo', 'new\none\ntwo'],
    [1, 'one\ntwo', 'one\nnew\ntwo'],
    [2, 'one\ntwo', 'one\ntwo\nnew'],
    [2, 'one\ntwo\n', 'one\ntwo\nnew'],
    [0, '', 'new'],
  ])('inserts after line %i of %j', async (line, before, after) => {
    await using box = await startFakeBox();
    await writeFile(join(box.directory, 'a'), before);
    await edit(box, {command: 'insert', path: 'a', insert_line: line, insert_text: 'new'});
    expect(await content(box, 'a')).toBe(after);
    expect((await edit(box, {command: 'insert', path: 'a', insert_line: 9, insert_text: 'new'})).isError).toBe(true);
  });

  it.each(['missing', 'folder', '../outside', '/etc/passwd', 'a\0b', '/box/workspace-other'])('answers %j with an error', async (path) => {
    await using box = await startFakeBox();
    await mkdir(join(box.directory, 'folder'));
    expect((await edit(box, {command: 'str_replace', path, old_str: 'a', new_str: 'b'})).isError).toBe(true);
  });

  it('never hands a path to the box that its shell could take for an option or for something outside', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({unit: fc.constantFrom('.', '/', '-', 'a', '\0')})), (path) => {
        const found = pathInWorkspace(path);
        return found === undefined || found === '.' || (found.startsWith('./') && !found.split('/').includes('..'));
      }),
    );
  });
});
