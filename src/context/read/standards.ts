import type {RankedFile} from '../rank/rank.js';
import type {ListedFile} from './survey.js';

/** Where projects write down how they want to be worked on, the most binding first; the place in the list is the rank. */
const places: readonly RegExp[] = [
  /^(?:AGENTS|CLAUDE)\.md$/i,
  /^\.?agent-os\/(?:standards|product)\/.{1,200}\.md$/i,
  /^(?:\.github\/|docs\/)?CONTRIBUTING(?:\.\w{2,4})?$/i,
  /^(?:docs?\/)?(?:conventions|coding[-_]?style|style[-_]?guide|architecture|design)\.\w{2,4}$/i,
  /^\.(?:cursorrules|windsurfrules)$|^\.github\/copilot-instructions\.md$/i,
  /^(?:packages|apps|services)\/[^/]{1,80}\/(?:AGENTS|CLAUDE)\.md$/i,
];
/** Files of standards that are looked at. */
const maxStandards = 12;

/** The files in which a project says how it wants to be worked on, the most binding first. */
export function findStandards(files: readonly ListedFile[]): readonly RankedFile[] {
  return files
    .filter(({isProse}) => isProse)
    .map(({file}) => ({file, place: places.findIndex((pattern) => pattern.test(file.path))}))
    .filter(({place}) => place !== -1)
    .sort((a, b) => a.place - b.place || (a.file.path < b.file.path ? -1 : 1))
    .slice(0, maxStandards)
    .map(({file, place}) => ({file, score: 1 - place / (places.length * 2)}));
}
