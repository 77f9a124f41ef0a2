import {describe, expect, it} from 'vitest';
import {isAppError} from '../../../src/core/errors.js';
import {calm, changes, file, out, useEngine} from './engine-fixture.js';

const fixture = useEngine();

/** The export after some work in a box over these files. */
async function exported(files: Parameters<typeof fixture.snapshot>[0], work: string, more: {readonly maxFileBytes?: number} = {}): Promise<string[]> {
  const box = await fixture.box(await fixture.snapshot(files));
  await out(box, work);
  await box.stop(calm);
  return changes(fixture.engine, {names: box.names, ownership: fixture.ownership, ...more});
}

const base = [
  file('same', 'same'),
  file('touched', 'touched'),
  file('edited', 'old'),
  file('tool', 'tool'),
  file('script', 'script', 'executable'),
  file('gone', 'gone'),
  file('link', 'same', 'symlink'),
  file('relink', 'same', 'symlink'),
  file('dir/one', '1'),
  file('dir/two', '2'),
  file('deep/er/three', '3'),
  file('deep/er/four', '4'),
  file('refill/five', '5'),
  file('refill/six', '6'),
];

describe('an export', () => {
  it('of an untouched, a touched or a rewritten workspace is empty', async () => {
    expect(await exported(base, 'true')).toEqual([]);
    expect(await exported(base, 'touch touched dir; cp touched t; mv t touched; chmod 600 edited; rm link; ln -s same link; mkdir -p empty/dirs; mv deep d; mv d deep')).toEqual([]);
  });

  it('names every kind of edit, with bytes and modes of the merged view', async () => {
    const work = [
      'printf new >edited', 'chmod 755 tool', 'chmod 644 script', 'rm gone', 'ln -sf elsewhere relink', 'printf made >created',
      'mkdir -p fresh/sub', 'printf in >fresh/sub/in', 'ln created hard', 'ln same alias', 'mkfifo pipe', 'printf secret >hidden', 'chmod 000 hidden',
      'printf suid >suid; chmod 4755 suid', 'ln -s /etc/passwd absolute', 'printf "" >"new\nline"', 'printf u >"grün"', 'perl -e \'use Socket; socket(S,PF_UNIX,SOCK_STREAM,0); bind(S,sockaddr_un("sock"))\'',
    ];
    expect(await exported(base, work.join('; '))).toEqual(
      [
        'file edited 3 "new"', 'executable tool 4 "tool"', 'file script 6 "script"', 'deleted gone', 'symlink relink elsewhere', 'file created 4 "made"',
        'file fresh/sub/in 2 "in"', 'file hard 4 "made"', 'file alias 4 "same"', 'special pipe fifo', 'file hidden 6 "secret"',
        'executable suid 4 "suid"', 'symlink absolute /etc/passwd', 'file new\nline 0 ""', 'file grün 1 "u"', 'special sock socket',
      ].sort(),
    );
  });

  it('says a deleted directory once, and a directory that is only partly gone by its names', async () => {
    expect(await exported(base, 'rm -r dir; rm deep/er/three')).toEqual(['deleted deep/er/three', 'deleted dir']);
    expect(await exported(base, 'rm -rf ./* ')).toEqual([...new Set(base.map((item) => `deleted ${item.path.split('/')[0] ?? ''}`))].sort());
  });

  it('sees through an emptied and refilled directory', async () => {
    expect(await exported(base, 'rm -r refill; mkdir refill; printf 5 >refill/five; printf 7 >refill/seven')).toEqual(['deleted refill/six', 'file refill/seven 1 "7"']);
  });

  it('tells a file that became a directory, a directory that became a file, and what became something else', async () => {
    expect(await exported(base, 'rm same; mkdir same; printf x >same/x')).toEqual(['deleted same', 'file same/x 1 "x"']);
    expect(await exported(base, 'rm -r dir; printf x >dir')).toEqual(['deleted dir', 'file dir 1 "x"']);
    expect(await exported(base, 'rm edited; mkfifo edited; rm same; ln -s edited same; rm link; printf same >link; rm -r deep; ln -s dir deep')).toEqual([
      'deleted deep', 'deleted edited', 'file link 4 "same"', 'special edited fifo', 'symlink deep dir', 'symlink same edited',
    ]);
  });

  it('does not compare through a link that became a directory', async () => {
    const files = [file('src/a', 'A'), file('way', 'src', 'symlink')];
    expect(await exported(files, 'rm way; mkdir way; printf A >way/a')).toEqual(['deleted way', 'file way/a 1 "A"']);
  });

  it('tells a renamed file and directory as deleted and new', async () => {
    expect(await exported(base, 'mv edited moved; mv dir moved-dir')).toEqual(['deleted dir', 'deleted edited', 'file moved 3 "old"', 'file moved-dir/one 1 "1"', 'file moved-dir/two 1 "2"']);
  });

  it('leaves out the top .git, and only that one', async () => {
    expect(await exported(base, 'mkdir -p .git dir/.git; echo x >.git/config; printf y >dir/.git/config')).toEqual(['file dir/.git/config 1 "y"']);
  });

  it('gives a file over the limit by its size alone, also a sparse one', async () => {
    expect(await exported([file('large', 'x'.repeat(2000))], 'touch large; printf %2001s >larger; truncate -s 1500000000 sparse', {maxFileBytes: 1000})).toEqual(['file larger 2001 ""', 'file sparse 1500000000 ""']);
  });

  it('gives many and large files exactly', async () => {
    const lines = await exported([], 'i=0; while [ $i -lt 2000 ]; do printf "$i" >f$i; i=$((i+1)); done; head -c 3000000 /dev/zero | tr "\\0" z >big');
    expect(lines.length).toBe(2001);
    expect(lines).toContain('file f1999 4 "1999"');
    expect(lines[0]).toBe(`file big 3000000 ${JSON.stringify('z'.repeat(3_000_000))}`);
  });

  it('names what lies too deep for any path, and goes on', async () => {
    const lines = await exported([], 'printf a >a; perl -e \'for (1..30) { mkdir "d" x 200; chdir "d" x 200 } open F, ">x"\'');
    expect(lines.map((line) => line.slice(0, 12))).toEqual(['file a 1 "a"', 'special dddd']);
  });

  it('of a running box or of none is refused', async () => {
    const box = await fixture.box(await fixture.snapshot([]));
    const code = (names: {readonly snapshot: string; readonly box: string}) =>
      changes(fixture.engine, {names, ownership: fixture.ownership}).then(() => 'no error', (error: unknown) => (isAppError(error) ? error.code : error));
    expect(await code(box.names)).toBe('ENGINE_FAILED');
    expect(await code({...box.names, box: `${box.names.box}-none`})).toBe('ENGINE_FAILED');
    await box[Symbol.asyncDispose]();
    expect(await code(box.names)).toBe('no error');
  });

  it('that is not read to its end leaves no helper', async () => {
    const box = await fixture.box(await fixture.snapshot([]));
    await out(box, 'for i in 1 2 3 4 5 6 7 8 9; do head -c 2000000 /dev/zero >f$i; done');
    await box.stop(calm);
    for await (const entry of fixture.engine.exportWorkspace({names: box.names, ownership: fixture.ownership, maxFileBytes: 1e9}, calm)) {
      expect(entry.kind).toBe('file');
      break;
    }
    expect((await fixture.engine.leftovers(calm)).map((item) => item.name)).not.toContain(`${box.names.box}-export`);
  });
});
