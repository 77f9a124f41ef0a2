import {describe, expect, it} from 'vitest';
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

  it('does not compare through a link that became a directory', async () => {
    const files = [file('src/a', 'A'), file('way', 'src', 'symlink')];
    expect(await exported(files, 'rm way; mkdir way; printf A >way/a')).toEqual(['deleted way', 'file way/a 1 "A"']);
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
});
