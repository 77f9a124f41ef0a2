import type {Manifest} from '../../core/manifest.js';
import type {Report} from '../../core/report.js';

/** What a criterion is judged by: the promised tests, and what became of them. */
export interface Shown {
  readonly manifest: Pick<Manifest, 'tests'>;
  readonly report: Pick<Report, 'verdict' | 'tests'>;
}

/** A claim about the suite as a whole, in the words in which task files have it. */
const wholeSuite = /^(?:all |the )?(?:(?:new|existing|unit) )?tests (?:pass|passing|are passing|are green)$/;

/**
 * Tells of a criterion of acceptance whether a verified run has shown it: a promised test that failed without the work
 * and passes with it has the criterion's own words for its name; or the criterion says that all tests pass, and not one
 * failed or was skipped. What is only similar is not shown. The class of this evidence is that of the tests, in-process.
 */
export function shownCriteria({manifest: {tests: promised}, report: {verdict, tests}}: Shown): (criterion: string) => boolean {
  if (verdict !== 'verified' || promised === undefined || tests === undefined || promised.failToPass === 'none') return () => false;
  const files = new Set(promised.files.map((file) => file.path));
  const ids = promised.failToPass === 'auto' ? tests.new.filter((id) => files.has(id.split(separator, 1)[0] ?? '')) : promised.failToPass.filter((id) => tests.new.includes(id));
  const names = new Set(ids.flatMap(namesOf));
  const isGreen = tests.total > 0 && tests.passed === tests.total;
  return (criterion) => {
    const words = wordsOf(criterion);
    return words !== '' && (names.has(words) || (isGreen && wholeSuite.test(words)));
  };
}

const separator = ' > ';

/** A test's own name, without its file and suites; a name that holds the separator counts as a whole too. */
function namesOf(id: string): readonly string[] {
  const parts = id.split(separator).slice(1);
  return parts.flatMap((_, index) => spellings(parts.slice(index).join(separator)));
}

/** Python's names are identifiers: `test_it_answers` says `it answers`. */
function spellings(name: string): readonly string[] {
  const words = wordsOf(name);
  const python = /^test_([a-z0-9_]{1,200})$/.exec(words)?.[1];
  return python === undefined ? [words] : [words, python.replaceAll('_', ' ').trim()];
}

/** Case, markup, white space and a last stop do not matter; any other character does. */
function wordsOf(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/[*`]/g, '').replace(/\s+/g, ' ').trim().replace(/[.!]$/, '');
}
