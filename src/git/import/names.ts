import {isDotGit, repoPathProblem} from '../../core/path.js';

/** Longest name that common file systems can hold, in bytes (NAME_MAX). */
const maxNameBytes = 255;
/** Names that Windows gives to devices, with any extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])( *\.|$)/i;
/** NTFS short names of `.gitmodules`, `.gitattributes`, `.gitignore`, `.mailmap` (git: path.c, `is_ntfs_dot_*`). */
const shortName = /^(git(mod|att|ign)|gi(7e(ba?)?|7d(29?)?|25(0a?)?)|mailma|maba(30?)?)~[0-9]+$/i;
/** Files in a tree that steer git. */
const gitFiles = ['.gitmodules', '.gitattributes', '.gitignore', '.mailmap'];
/** Longest link target, in bytes. */
const maxTargetBytes = 1024;

/** Why a changed entry may not have this path, or undefined. Ends the sentence "the path …". */
export function nameProblem(path: string, maxDepth: number): string | undefined {
  const problem = repoPathProblem(path);
  if (problem !== undefined) return problem;
  const parts = path.split('/');
  if (parts.length > maxDepth) return `is deeper than ${maxDepth} folders`;
  for (const part of parts) {
    if (Buffer.byteLength(part) > maxNameBytes) return `has a part longer than ${maxNameBytes} bytes`;
    if (reserved.test(part)) return 'has a part that is the name of a device on Windows';
    if (/[. ]$/.test(part)) return 'has a part that ends in a dot or a space';
    if (shortName.test(part)) return 'has a part that is a short name of a git file on Windows';
    const steers = gitFileOf(part);
    if (steers !== undefined && steers !== part) return `has a part that some file systems take for ${steers}`;
  }
  return parts.at(-1) === '.gitmodules' ? 'would change submodules' : undefined;
}

/** Why a link may not have this path or target by itself, or undefined; where it leads is for `links.ts`. */
export function linkProblem(path: string, target: string | undefined): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (gitFileOf(name) !== undefined) return 'steers git and is a link';
  if (target === undefined) return 'is a link whose target is not UTF-8';
  if (target === '') return 'is a link without a target';
  if (target.startsWith('/') || /^[a-z]:/i.test(target)) return 'is a link to an absolute path';
  // eslint-disable-next-line no-control-regex -- control bytes are exactly what is refused here
  if (/[\u0000-\u001f\u007f\\]/.test(target)) return 'is a link whose target has a control character or a backslash';
  if (Buffer.byteLength(target) > maxTargetBytes) return `is a link whose target is longer than ${maxTargetBytes} bytes`;
  return target.split('/').some(isDotGit) ? 'is a link into a `.git` folder' : undefined;
}

/** Which file that steers git a name stands for, also in disguise: case, ignored code points, trailing dots, streams. */
function gitFileOf(name: string): string | undefined {
  const visible = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '').toLowerCase();
  const plain = visible.split(':')[0]?.replace(/[. ]+$/, '');
  return gitFiles.find((file) => file === plain);
}
