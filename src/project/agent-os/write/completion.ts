import type {Shows} from './criteria.js';

/** What is written of a verified task. */
export interface Completion {
  /** YYYY-MM-DD */
  readonly date: string;
  /** Lines about how it ended, for the dialects that have a place for them. */
  readonly block: readonly string[];
  readonly shows: Shows;
}
