/**
 * What git's own check of objects may say of a repository's history without being in the way: odd dates, names and
 * texts of commits and tags, and zero-padded modes, which old tools wrote. None of them can redirect a path. Everything
 * else (`.git` in disguise, `..`, unsorted or doubled entries, hostile `.gitmodules`) refuses the history. All of these
 * ids exist since git 2.38 (git-fsck, "fsck messages"); an unknown one would make `index-pack` fail.
 */
const tolerated: readonly string[] = [
  'badDate',
  'badDateOverflow',
  'badEmail',
  'badName',
  'badTagName',
  'badTimezone',
  'missingEmail',
  'missingNameBeforeEmail',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'missingTaggerEntry',
  'multipleAuthors',
  'nulInCommit',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
];

/** Settings for a fetch that is checked. */
export const fetchFsckSettings: readonly string[] = tolerated.map((id) => `fetch.fsck.${id}=ignore`);

/** The same for `index-pack`. */
export const strictOption = `--strict=${tolerated.map((id) => `${id}=ignore`).join(',')}`;
