import sax from 'sax';
import type {ResultStream} from '../tests/stream.js';
import {reportLimits, resultsOf, startRows} from './bounded.js';
import {startDocument} from './junit-document.js';

/** Only the five entities of XML itself; the type of the library's options does not know the second. */
const options = {position: false, strictEntities: true};

/**
 * Reads one JUnit XML report as it comes, whatever its dialect: `testsuites` or a bare `testsuite`, nested or not. The
 * report is written on the side of the code under test, so its results are evidence of the class `own-report`. A test
 * belongs to the file that `file` names, else to the one of `promised` that its class can only mean, else to its class.
 * Anything that is not well-formed, a document type, and what is beyond {@link reportLimits} leaves the report without
 * a word on success. It never throws on content.
 */
export function startJunitReader(promised: readonly string[]): ResultStream {
  const rows = startRows();
  const utf8 = new TextDecoder('utf-8', {fatal: true});
  const parser = sax.parser(true, options);
  const document = startDocument(rows, promised);
  let empty = true;
  parser.onerror = (error) => {
    rows.fail(`the report is not well-formed: ${error.message.split('\n', 1)[0] ?? ''}`);
  };
  // Entities of one's own are declared here; without it there is nothing that could grow. Thrown, so that it ends here.
  parser.ondoctype = () => {
    throw new TypeError('a document type');
  };
  let attributes = 0;
  parser.onopentagstart = () => {
    attributes = 0;
  };
  // The library keeps all of a tag until it ends: without a limit, a few bytes each would cost much memory. Thrown too.
  parser.onattribute = () => {
    if ((attributes += 1) > reportLimits.attributes) throw new TypeError('too many attributes');
  };
  parser.onopentag = document.open;
  parser.onclosetag = document.close;
  parser.ontext = document.text;
  parser.oncdata = document.text;
  const feed = (act: () => void): void => {
    try {
      act();
    } catch {
      rows.fail('the report is not UTF-8, not XML, has a document type or too many attributes');
    }
  };
  return {
    push: (chunk) => {
      if (chunk.length > 0) empty = false;
      if (rows.take(chunk.length)) feed(() => void parser.write(utf8.decode(chunk, {stream: true})));
    },
    end: () => {
      if (empty) rows.fail('the command wrote no report');
      if (rows.problem === '') feed(() => void parser.write(utf8.decode()).close());
      return resultsOf(rows);
    },
  };
}
