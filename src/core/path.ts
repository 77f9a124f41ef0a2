/** Why a text is not a usable repository path, or undefined when it is one. */
export function repoPathProblem(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'is absolute';
  if (path.includes('\\')) return 'has a backslash';
  // eslint-disable-next-line no-control-regex -- control bytes are exactly what is refused here
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'has a control character';
  if (Buffer.byteLength(path) > 1024) return 'is longer than 1024 bytes';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'has an empty, `.` or `..` part';
  if (parts.some(isDotGit)) return 'has a `.git` part';
  return undefined;
}

/**
 * Whether a file system could take this name for `.git`: any case, trailing dots and spaces, NTFS short names and
 * streams, and code points that HFS+ ignores (git's own list: utf8.c, `next_hfs_char`).
 */
export function isDotGit(name: string): boolean {
  const visible = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '');
  const plain = visible.toLowerCase().split(':')[0]?.replace(/[. ]+$/, '') ?? '';
  return plain === '.git' || /^git~\d+$/.test(plain);
}

/** Two paths that a case-insensitive or normalising file system cannot tell apart have the same fold. */
export function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase().normalize('NFC');
}

/** The folders above a path, the outermost first: `a/b/c` gives `a`, `a/b`. */
export function foldersOf(path: string): readonly string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) folders.push(path.slice(0, slash));
  return folders;
}
