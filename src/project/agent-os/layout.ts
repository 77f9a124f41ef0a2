import {basename, dirname} from 'node:path/posix';

/** A folder of one spec, and which of its files are there. All paths are relative to the root of the repository. */
export interface SpecFolder {
  readonly path: string;
  /** Its name without a date before it: also the branch by the convention of Agent OS. */
  readonly slug: string;
  /** Lists of tasks, `tasks.md` first; also those in `sub-specs/`. */
  readonly tasks: readonly string[];
  /** `spec.md`, `plan.md`, `shape.md` and what else describes it. */
  readonly documents: readonly string[];
  readonly orchestration: string | undefined;
  readonly assignments: string | undefined;
}

/** One `.agent-os/` or `agent-os/` folder, or the `specs/` of GitHub's spec-kit. A repository may hold several. */
export interface AgentOsFolder {
  readonly path: string;
  /** By what is in it: `v1` (`.agent-os/`), `v2` (`agent-os/`), `v3` (specs of plan and shape, or an index of standards), `spec-kit`. */
  readonly generation: 'v1' | 'v2' | 'v3' | 'spec-kit';
  readonly config: string | undefined;
  readonly standards: readonly string[];
  readonly specs: readonly SpecFolder[];
}

/**
 * Finds all Agent OS folders among the paths of a tree, nested ones and those of packages included, by name alone. No
 * date is required of a spec's folder, and any character may be in its name. None found is an empty list: a repository
 * need not have any.
 */
export function findAgentOs(paths: readonly string[]): readonly AgentOsFolder[] {
  const byRoot = new Map<string, string[]>();
  for (const path of paths) {
    const root = rootOf(path);
    if (root === undefined) continue;
    const held = byRoot.get(root);
    if (held === undefined) byRoot.set(root, [path]);
    else held.push(path);
  }
  return [...byRoot].map(([root, files]) => folderOf(root, files)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The innermost Agent OS folder; or `specs` of spec-kit, whose specs are named `001-…`. Copies such as `backups/` inside of one stay in it. */
function rootOf(path: string): string | undefined {
  const parts = path.split('/');
  const at = parts.slice(0, -1).findLastIndex((part) => part === '.agent-os' || part === 'agent-os');
  if (at !== -1) return parts.slice(0, at + 1).join('/');
  const specs = parts.findIndex((part, index) => part === 'specs' && /^\d{3,4}-./.test(parts[index + 1] ?? '') && index + 2 < parts.length);
  return specs === -1 ? undefined : parts.slice(0, specs + 1).join('/');
}

function folderOf(root: string, files: readonly string[]): AgentOsFolder {
  const kit = basename(root) === 'specs';
  const specs = specsOf(root, files, kit);
  const standards = files.filter((path) => path.startsWith(`${root}/standards/`) && /\.(?:md|ya?ml)$/.test(path));
  const config = files.find((path) => path === `${root}/config.yml` || path === `${root}/config.yaml`);
  return {path: root, generation: kit ? 'spec-kit' : generationOf(root, specs, standards), config, standards, specs};
}

function generationOf(root: string, specs: readonly SpecFolder[], standards: readonly string[]): AgentOsFolder['generation'] {
  if (basename(root) === '.agent-os') return 'v1';
  const shaped = specs.some((spec) => spec.tasks.length === 0 && spec.documents.some((path) => /\/(?:plan|shape)\.md$/.test(path)));
  return shaped || standards.some((path) => /\/standards\/index\.ya?ml$/.test(path)) ? 'v3' : 'v2';
}

function specsOf(root: string, files: readonly string[], kit: boolean): readonly SpecFolder[] {
  const bySpec = new Map<string, string[]>();
  for (const path of files) {
    const parts = path.slice(root.length + 1).split('/');
    const specs = kit ? -1 : parts.indexOf('specs');
    const name = parts[specs + 1];
    if ((!kit && specs === -1) || name === undefined || specs + 2 >= parts.length) continue;
    const folder = `${root}/${parts.slice(0, specs + 2).join('/')}`;
    const held = bySpec.get(folder);
    if (held === undefined) bySpec.set(folder, [path]);
    else held.push(path);
  }
  return [...bySpec].map(([folder, inside]) => specOf(folder, inside));
}

function specOf(path: string, files: readonly string[]): SpecFolder {
  const name = basename(path);
  const date = /^\d{4}-?\d{2}-?\d{2}(?:-\d{4})?-(?=.)/.exec(name)?.[0];
  const slug = date === undefined ? name.replace(/^\d{3,4}-(?=\D)/, '') : name.slice(date.length);
  const named = (pattern: RegExp): readonly string[] => files.filter((file) => pattern.test(file.slice(path.length)));
  return {
    path,
    slug,
    tasks: [...named(/(?:^|\/)tasks\.(?:md|json)$/i)].sort((a, b) => Number(dirname(a) !== path) - Number(dirname(b) !== path)),
    documents: named(/^\/(?:sub-specs\/|planning\/)?(?!tasks\.md$)[^/]+\.md$/i),
    orchestration: named(/^\/orchestration\.ya?ml$/)[0],
    assignments: named(/^\/planning\/task-assignments\.ya?ml$/)[0],
  };
}
