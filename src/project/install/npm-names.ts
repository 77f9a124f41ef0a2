import {z} from 'zod';

/** The name of a package as npm takes it today, and in old ones with capitals; none can be an option, a path or a name of ours. */
export const PackageName = z
  .string()
  .max(214)
  .regex(/^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[A-Za-z0-9~][A-Za-z0-9._~-]*$/, 'is not the name of a package')
  .refine((name) => !/(?:^|\/)(?:node_modules|favicon\.ico)$/i.test(name), 'is not the name of a package');

/** Characters of version ranges and tags (node-semver); no `:` and no `/`, so no address, no path, no repository. */
const rangeForm = /^[A-Za-z0-9*^~<>=|.+ \t_-]*$/;

/**
 * Why what a package asks for does not come from a registry by name and version, or undefined. npm also takes git
 * repositories (`user/name`, `git+https:…`), addresses, folders (`file:`, `./x`, `..`) and archives (`x.tgz`) here.
 */
export function specProblem(spec: string): string | undefined {
  const alias = /^npm:((?:@[^/@]{1,100}\/)?[^@]{1,214})(?:@(.*))?$/s.exec(spec);
  if (alias !== null) return PackageName.safeParse(alias[1]).success ? rangeProblem(alias[2] ?? '') : 'is an alias of something that is no package';
  return rangeProblem(spec);
}

function rangeProblem(range: string): string | undefined {
  if (range.length > 256) return 'is too long for a version range';
  if (/^[a-z][a-z0-9+.-]*:|\//i.test(range)) return 'names a repository, an address or a path instead of a version';
  if (/^[.~]?\.|^~$|\.(?:tgz|tar|tar\.gz)$/i.test(range.trim())) return 'names a file instead of a version';
  return rangeForm.test(range) ? undefined : 'is not a version range';
}

/** The path of a workspace below the root: plain names, no hidden folder, nothing installed. */
export function isWorkspacePath(path: string): boolean {
  return path.length <= 512 && path.split('/').every((part) => /^[A-Za-z0-9_@][A-Za-z0-9._@+-]*$/.test(part) && part !== 'node_modules');
}
