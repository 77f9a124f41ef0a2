import {isAppError, type AppError} from '../../core/errors.js';
import type {Report} from '../../core/report.js';
import type {Verification} from '../../core/verification.js';
import type {Run} from '../rooms.js';
import {layerNames, makeLayers} from './layers.js';
import {installPlan} from './plan.js';

/** Layers that can be used for a commit. */
export interface UsableLayers {
  /** The topmost first. */
  readonly layers: readonly string[];
  /** Why the commit's own could not be had, and those of the base stand in for them. */
  readonly problem?: AppError | undefined;
}

/**
 * The layers of a commit, or, when a specialist has broken its manifests or lock file, those of the base: the box and the
 * verification go on, and the verification has a finding. A registry or a machine that fails is thrown, as is any problem of the base.
 */
export async function usableLayers(run: Run, commit: string, signal: AbortSignal): Promise<UsableLayers> {
  const {base} = run.options.manifest;
  try {
    return {layers: await makeLayers(run, commit, signal)};
  } catch (error) {
    if (commit === base || !isAppError(error, 'INSTALL_REFUSED', 'INSTALL_FAILED', 'PREPARE_FAILED')) throw error;
    return {layers: await makeLayers(run, base, signal), problem: error};
  }
}

/** What a report says of the dependencies of a verified commit; undefined when the manifest installs none. */
export async function installedFor(run: Run, {commit, findings}: Pick<Verification, 'commit' | 'findings'>, signal: AbortSignal): Promise<Report['dependencies']> {
  const {install, prepare, base} = run.options.manifest;
  const basePlan = await installPlan(run, base, signal);
  if (install === undefined || basePlan === undefined) return undefined;
  const names = await layerNames(run, base, signal);
  const common = {install: [...install], ...(prepare === undefined ? {} : {prepare: [...prepare]}), base: [...names]};
  if (findings.some(({code}) => code === 'DEPENDENCIES_BROKEN')) return {...common, packages: basePlan.packages, commit: [...names]};
  return {...common, packages: (await installPlan(run, commit, signal))?.packages ?? 0, commit: [...(await layerNames(run, commit, signal))]};
}
