import type {Criterion} from '../model.js';
import type {Edit} from './edits.js';

/** Whether a criterion of acceptance was shown, by its text as written. */
export type Shows = (criterion: string) => boolean;

/** Ticks the empty boxes of the criteria that were shown, and of no others: each is a statement of its own. */
export function tickCriteria(text: string, criteria: readonly Criterion[], shows: Shows): {readonly edits: readonly Edit[]; readonly notes: readonly string[]} {
  const open = criteria.flatMap(({text: said, ticked, box}) => (ticked === false && box !== undefined ? [{said, box}] : []));
  const shown = open.filter(({said, box}) => shows(said) && text.slice(box.offset, box.offset + box.length).trim() === '');
  const left = open.length - shown.length;
  return {
    edits: shown.map(({box}) => ({...box, text: 'x'})),
    notes: left === 0 ? [] : [`${left} of ${criteria.length} criteria of acceptance stay open: nothing that was verified shows them in their own words.`],
  };
}
