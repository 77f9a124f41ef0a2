import type {Region, SideLines} from './regions.js';
import {unionRules, type Added, type UnionRule} from './rules.js';

/** The rules for a file by its path alone; most files have none. */
export function unionRulesFor(path: string): readonly UnionRule[] {
  return unionRules.filter((rule) => rule.paths.test(path));
}

/**
 * The text in which both sides' additions stand, ours first, where in each conflict both sides only added lines at the
 * same place; undefined when a rule does not hold, or when there was no conflict to begin with. Pure.
 */
export function unionOf(regions: readonly Region[], rule: UnionRule): string | undefined {
  const conflicts = regions.filter((region) => region.agreed === undefined).length;
  if (conflicts === 0 || conflicts > maxConflicts) return undefined;
  let text = '';
  for (const [index, region] of regions.entries()) {
    const lines = region.agreed ?? joinOf(region, rule, {before: text, after: lineAfter(regions, index)});
    if (lines === undefined) return undefined;
    text += lines.join('');
  }
  return rule.holds?.(text) === false ? undefined : text;
}

/** More is no log that two people wrote to; the text above is looked at for each. */
const maxConflicts = 50;

function joinOf({base, ours, theirs}: SideLines, rule: UnionRule, around: Pick<Added, 'before' | 'after'>): readonly string[] | undefined {
  if (base.length > 0 || ours.length === 0 || theirs.length === 0 || mixesLineEnds([...ours, ...theirs])) return undefined;
  return rule.join({ours, theirs, ...around});
}

/** Empty at the end of the file; undefined when only another conflict could tell. */
function lineAfter(regions: readonly Region[], index: number): string | undefined {
  const found = regions[index + 1]?.agreed?.find((line) => line.trim() !== '');
  return found ?? (index + 2 >= regions.length ? '' : undefined);
}

function mixesLineEnds(lines: readonly string[]): boolean {
  return lines.some((line) => line.endsWith('\r\n')) && lines.some((line) => !line.endsWith('\r\n'));
}
