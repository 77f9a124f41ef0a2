import {describe, expect, it} from 'vitest';
import {importLimits} from '../../../src/git/import/limits.js';
import {configDefaults, RepositoryConfig, UserConfig} from '../../../src/project/config-schema.js';
import {effectiveConfig} from '../../../src/project/config-layers.js';
import {submissionCaps} from '../../../src/run/work/submission-caps.js';

describe('the caps of a submission', () => {
  it('are by default those of an import, and whoever recorded none gets those', () => {
    const {maxChanged, maxFileBytes, maxTotalBytes} = importLimits;
    expect(submissionCaps({submission: configDefaults.submission})).toEqual({maxChanged, maxFileBytes, maxTotalBytes});
    expect(submissionCaps({submission: undefined})).toEqual({});
  });

  it('are the user’s to set, and not the repository’s', () => {
    const user = UserConfig.parse({submission: {maxFiles: 7, maxFileMiB: 0.5}});
    const {submission} = effectiveConfig({}, user);
    expect(submission).toEqual({maxFiles: {value: 7, origin: 'user'}, maxFileMiB: {value: 0.5, origin: 'user'}, maxTotalMiB: {value: 500, origin: 'default'}});
    expect(submissionCaps({submission: {maxFiles: 7, maxFileMiB: 0.5, maxTotalMiB: 500}})).toMatchObject({maxChanged: 7, maxFileBytes: 524_288});
    expect(RepositoryConfig.safeParse({submission: {maxFiles: 7}}).success).toBe(false);
    // Above these the import itself would end first (`maxSpoolBytes`, `maxSeen`, `maxBlobBytes`).
    for (const wrong of [{maxTotalMiB: 2000}, {maxFiles: 400_000}, {maxFileMiB: 257}]) expect(UserConfig.safeParse({submission: wrong}).success).toBe(false);
  });
});
