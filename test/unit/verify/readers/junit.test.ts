import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {startJunitReader} from '../../../../src/verify/readers/junit.js';
import type {StreamResults} from '../../../../src/verify/tests/stream.js';

function read(xml: string | readonly Uint8Array[], promised: readonly string[] = []): StreamResults {
  const reader = startJunitReader(promised);
  for (const chunk of typeof xml === 'string' ? [Buffer.from(xml)] : xml) reader.push(chunk);
  return reader.end();
}
const seen = (results: StreamResults) => results.tests.map(({file, path, status}) => [file, path.join(' > '), status]);
const suite = (inner: string, attributes = ''): string => `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="all" ${attributes}>${inner}</testsuite></testsuites>\n`;

describe('JUnit XML', () => {
  it('gives every result with file, suites and status, in order', () => {
    const xml = suite(
      '<testcase classname="test.a" name="adds" file="/box/workspace/test/a.test.js"/><testcase name="fails" file="./test/a.test.js"><failure message="1 != 2">stack</failure></testcase>' +
        '<testcase name="later" file="test/a.test.js"><skipped/></testcase><testsuite name="inner"><testcase name="deep" file="test/b.js"><error><![CDATA[no & more]]></error></testcase></testsuite>',
      'failures="1" errors="1"',
    );
    const results = read(xml);
    expect(seen(results)).toEqual([
      ['test/a.test.js', 'test.a > adds', 'passed'],
      ['test/a.test.js', 'fails', 'failed'],
      ['test/a.test.js', 'later', 'skipped'],
      ['test/b.js', 'inner > deep', 'failed'],
    ]);
    expect(results.tests.map((test) => test.message)).toEqual([undefined, '1 != 2', undefined, 'no & more']);
    expect(results).toMatchObject({success: false, problem: ''});
  });

  it('reads a bare suite, and a report in which nothing failed is a success', () => {
    expect(read('<testsuite name="x"><testcase classname="A" name="a"/></testsuite>')).toMatchObject({success: true, tests: [{file: 'A', path: ['a'], status: 'passed'}]});
  });

  it('a class that can only mean one promised file belongs to it', () => {
    const xml = suite('<testcase classname="com.example.SumTest$Inner" name="a"/><testcase classname="tests.test_sum.TestSum" name="b"/><testcase classname="other.Thing" name="c"/>');
    expect(seen(read(xml, ['src/test/java/com/example/SumTest.java', 'tests/test_sum.py'])).map(([file]) => file)).toEqual(['src/test/java/com/example/SumTest.java', 'tests/test_sum.py', 'other.Thing']);
  });

  it('a test that failed and passed when it was run again has failed', () => {
    for (const child of ['flakyFailure', 'rerunError', 'rerunFailure', 'flakyError']) expect(seen(read(suite(`<testcase classname="a" name="x"><${child} message="m"/></testcase>`)))).toEqual([['a', 'x', 'failed']]);
  });

  it('a suite that counts failures and lists none has failed as a file', () => {
    expect(read(suite('', 'file="a.js" errors="1"'))).toMatchObject({success: false, tests: [{kind: 'file', file: 'a.js', status: 'failed'}]});
  });

  it('a suite that counts more failures than it lists hides one, also behind a failure that is listed', () => {
    const failure = '<testcase classname="a" name="known"><failure/></testcase>';
    expect(seen(read(suite(failure, 'failures="2"')))).toEqual([['a', 'known', 'failed'], ['all', '', 'failed']]);
    expect(seen(read(suite(failure, 'failures="1"')))).toEqual([['a', 'known', 'failed']]);
    expect(seen(read(suite('<testcase classname="a" name="both"><failure/><error/></testcase>', 'failures="1" errors="1"')))).toEqual([['a', 'both', 'failed']]);
  });

  it('the outermost element counts too, and what a suite hides is told once', () => {
    const [failure, fine] = ['<testcase classname="a" name="x"><failure/></testcase>', '<testcase classname="a" name="y"/>'];
    expect(seen(read(`<testsuites failures="1"><testsuite name="s">${fine}</testsuite></testsuites>`))).toEqual([['a', 'y', 'passed'], ['(no file)', '', 'failed']]);
    expect(seen(read(`<testsuites failures="2"><testsuite name="s" failures="2">${failure}</testsuite></testsuites>`))).toEqual([['a', 'x', 'failed'], ['s', '', 'failed']]);
    expect(seen(read(`<testsuites failures="1"><testsuite name="s" failures="1">${failure}</testsuite></testsuites>`))).toEqual([['a', 'x', 'failed']]);
  });

  it('a failure that stands in a suite and in no test is one of its file', () => {
    const results = read('<testsuite name="s" errors="1"><error message="no set-up"/><testcase classname="a" name="y"/></testsuite>');
    expect([seen(results), results.success]).toEqual([[['s', '', 'failed'], ['a', 'y', 'passed']], false]);
  });

  it('a test that only says in an attribute that it failed has failed', () => {
    for (const said of ['status="failed"', 'status="run" result="FAIL"', 'result="error"']) expect(read(suite(`<testcase classname="a" name="x" ${said}/>`))).toMatchObject({success: false, tests: [{status: 'failed'}]});
    expect(seen(read(suite('<testcase classname="a" name="x" status="run" result="completed"/><testcase classname="a" name="y" status="notrun" result="suppressed"/>')))).toEqual([['a', 'x', 'passed'], ['a', 'y', 'skipped']]);
  });

  it('line breaks and marks in a name stay in that name, and make no second result', () => {
    const results = read(suite('<testcase classname="a" name="x&#10;&lt;/testcase>&lt;testcase name=&quot;y&quot;/>&amp;&apos;"/>'));
    expect(seen(results)).toEqual([['a', 'x\n</testcase><testcase name="y"/>&\'', 'passed']]);
  });

  it.each([
    ['nothing', ''],
    ['a tag with attributes without number', `<testsuite><testcase name="x"${Array.from({length: 300}, (_, index) => ` a${index}=""`).join('')}/></testsuite>`],
    ['other XML', '<html><testcase name="x"/></html>'],
    ['text', 'ok 1 - all good'],
    ['half a report', suite('<testcase name="x"/>').slice(0, -20)],
    ['two roots', '<testsuite/><testsuite/>'],
    ['text behind the root', `${suite('')}ok`],
    ['crossing tags', '<testsuite><testcase name="x"></testsuite></testcase>'],
    ['an unknown entity', suite('<testcase name="&no;"/>')],
    ['an entity of HTML', suite('<testcase name="&nbsp;"/>')],
    ['an entity called like a member of every object', suite('<testcase name="&constructor;"/>')],
    ['a character that is none of XML', suite('<testcase name="&#x1b;[2J"/>')],
    ['a document type with entities', '<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><testsuite name="&b;"><testcase name="x"/></testsuite>'],
    ['an external document type', '<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuite><testcase name="x"/></testsuite>'],
    ['a count that is no number', suite('<testcase name="x"/>', 'failures="none"')],
    ['an attribute that hides what the reader needs', suite('<testcase hasOwnProperty="x" name="x"/>')],
    ['a test inside of a test', suite('<testcase name="x"><system-out><testcase name="y"><failure/></testcase></system-out></testcase>')],
    ['too many levels', '<testsuite>'.repeat(100) + '</testsuite>'.repeat(100)],
  ])('%s gives no word on success', (_, xml) => {
    const results = read(xml);
    expect(results.success).toBeUndefined();
    expect(results.problem).not.toBe('');
  });

  it('invalid UTF-8 gives no word on success', () => {
    expect(read([Buffer.from('<testsuite><testcase name="'), Buffer.from([0xff, 0xfe]), Buffer.from('"/></testsuite>')]).success).toBeUndefined();
  });

  it('names from Object.prototype are names', () => {
    expect(seen(read(suite('<testcase __proto__="x" constructor="y" classname="__proto__" name="toString"/>')))).toEqual([['__proto__', 'toString', 'passed']]);
  });

  it('says the same however the bytes are cut, and never throws', () => {
    const bytes = Buffer.from(suite('<testcase classname="größe" name="ä€😀"><failure>ü</failure></testcase>'));
    const whole = read([bytes]);
    fc.assert(
      fc.property(fc.array(fc.integer({min: 1, max: bytes.length - 1}), {maxLength: 20}), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        expect(read(at.slice(1).map((to, index) => bytes.subarray(at[index], to)))).toEqual(whole);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('<testsuite>', '<testcase name="x">', '</testcase>', '</testsuite>', '<![CDATA[', ']]>', '&amp;', '<!--'))), (parts) => {
        expect(read(parts.join('')).tests.length).toBeLessThanOrEqual(parts.length);
      }),
    );
  });

  it('as many attributes as a real report has are no problem', () => {
    expect(read(suite(`<testcase name="x"${Array.from({length: 100}, (_, index) => ` a${index}=""`).join('')}/>`)).success).toBe(true);
  });

  it('long names in front of very many results are cut off, those that came before are kept', () => {
    const many = (levels: number): StreamResults => {
      const reader = startJunitReader([]);
      reader.push(Buffer.from(`<testsuite name="${'n'.repeat(1000)}">`.repeat(levels)));
      for (let count = 0; count < 20; count += 1) reader.push(Buffer.from('<testcase name="x"/>'.repeat(1000)));
      reader.push(Buffer.from('</testsuite>'.repeat(levels)));
      return reader.end();
    };
    const bomb = many(30);
    expect(bomb.success).toBeUndefined();
    expect(bomb.tests.length).toBeLessThan(3000);
    expect(many(2)).toMatchObject({success: true, tests: {length: 20_000}});
  });

  it('a report without end costs bounded memory: it is left at its limit', () => {
    const reader = startJunitReader([]);
    reader.push(Buffer.from('<testsuite><testcase name="x"><failure>'));
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let count = 0; count < 80; count += 1) reader.push(chunk);
    expect(reader.end()).toMatchObject({success: undefined, tests: []});
    const endless = startJunitReader([]);
    endless.push(Buffer.from('<testsuite name="'));
    for (let count = 0; count < 3; count += 1) endless.push(chunk);
    expect(endless.end().success).toBeUndefined();
  });
});
