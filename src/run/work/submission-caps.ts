import type {ImportLimits} from '../../git/import/limits.js';
import type {RunOptions} from '../options.js';

/** The caps of a submission that the user has set, in the units of an import; nothing in a run that recorded none. */
export function submissionCaps({submission}: Pick<RunOptions, 'submission'>): Partial<ImportLimits> {
  if (submission === undefined) return {};
  const bytes = (mebibytes: number): number => Math.floor(mebibytes * 1024 * 1024);
  return {maxChanged: submission.maxFiles, maxFileBytes: bytes(submission.maxFileMiB), maxTotalBytes: bytes(submission.maxTotalMiB)};
}
