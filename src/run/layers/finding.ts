import type {AppError} from '../../core/errors.js';
import {finding, type Finding} from '../../core/finding.js';
import {manifestOwners} from '../../core/manifest.js';
import type {Run} from '../rooms.js';

/** Files that decide what is installed, wherever they lie. */
const inputs = /(?:^|\/)(?:package\.json|package-lock\.json|npm-shrinkwrap\.json)$/;

/** The finding for dependencies that a merge has broken: it goes to whoever changed what they are made of. */
export function layersFinding(run: Run, problem: AppError, authors: ReadonlyMap<string, readonly string[]>): Finding {
  const changed = [...authors.keys()].filter((path) => inputs.test(path));
  const owners = [...new Set(changed.flatMap((path) => authors.get(path) ?? []))];
  const [path] = changed;
  return finding({
    code: 'DEPENDENCIES_BROKEN',
    check: 'tests',
    owners: owners.length > 0 ? owners : [...manifestOwners(run.options.manifest)],
    ...(path === undefined ? {} : {path}),
    message: problem.message.slice(0, 2000),
    hint: `Take the change of the package manifest or lock file back, or correct it. ${problem.hint ?? ''}`.trim(),
    evidence: {class: 'exit-code', detail: problem.code},
  });
}
