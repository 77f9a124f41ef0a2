import {randomBytes} from 'node:crypto';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {makeRedactor} from '../../../src/core/redact.js';

const secret = 'c4n4ry/53cr3t+v4lue "of" ümläut';
const redactor = makeRedactor([{name: 'CANARY', value: secret}]);
const text = (of: string): string => redactor.text(of);
const exact = (of: string): string => redactor.exact(of);
const bytes = Buffer.from(secret);

function wrapped(line: string, width: number, end: string): string {
  return line.replace(new RegExp(`.{${width}}`, 'g'), `$&${end}`);
}
function base64(before: number, after: number): string {
  return Buffer.concat([Buffer.alloc(before, 'b'), bytes, Buffer.alloc(after, 'a')]).toString('base64');
}
/** The part of a base64 text of a value behind some bytes that its neighbours have no say in. */
function core64(before: number, of: string): string {
  const all = Buffer.concat([Buffer.alloc(before, 'b'), Buffer.from(of)]);
  return all.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((all.length * 8) / 6));
}
const asciiJson = (of: string): string => JSON.stringify(of).slice(1, -1).replace(/[^\0-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
const lower = (of: string): string => of.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase());

const forms: Readonly<Record<string, string>> = {
  'as it is': secret,
  'in JSON': JSON.stringify(secret).slice(1, -1),
  'in JSON with escaped slashes': JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'in JSON of ASCII': asciiJson(secret),
  'in JSON of ASCII with capital digits': asciiJson(secret).replace(/\\u..../g, (one) => `\\u${one.slice(2).toUpperCase()}`),
  'in JSON in JSON': JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'as a part of a URL': encodeURIComponent(secret),
  'as a part of a URL with small digits': lower(encodeURIComponent(secret)),
  'as a URL': encodeURI(secret),
  'in a form': encodeURIComponent(secret).replaceAll('%20', '+'),
  'with every byte encoded': [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  'encoded for a URL twice': encodeURIComponent(encodeURIComponent(secret)),
  'in hex': bytes.toString('hex'),
  'in HEX': bytes.toString('hex').toUpperCase(),
  'in hex with colons': bytes.toString('hex').replace(/..(?=.)/g, '$&:'),
  'in hex escapes': [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  ...Object.fromEntries([0, 1, 2].flatMap((before) => [0, 1, 2].map((after) => [`in base64 behind ${before} and before ${after} bytes`, base64(before, after)]))),
  'in base64url': base64(0, 0).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
  'in base64 with escaped slashes': base64(0, 1).replaceAll('/', '\\/'),
  'in base64 in a URL': encodeURIComponent(base64(0, 1)),
  'in base64 of two lines': wrapped(base64(1, 1), 20, '\n'),
  'in base64 of many lines': wrapped(base64(2, 1), 7, '\r\n    '),
  'in base64 of lines in JSON': wrapped(base64(2, 0), 16, '\\n'),
  'in base64 of lines in JSON in JSON': wrapped(base64(0, 2), 16, '\\\\r\\\\n'),
};

describe('a known value', () => {
  it.each(Object.entries(forms))('is found %s', (_, form) => {
    const out = exact(`say ${form} now`);
    expect(out).toContain('[secret CANARY]');
    expect(out.startsWith('say ')).toBe(true);
    expect(out.endsWith(' now')).toBe(true);
    // Beside the mark: at most the characters of base64 that belong to the neighbours too, and the padding.
    expect(out.replace(/\\+[rn]|[=\n]/g, '').length).toBeLessThanOrEqual('say [secret CANARY] now'.length + 2 * 4);
    expect(redactor.find(form)).toBe('CANARY');
  });

  it('stays what it is by every other name', () => {
    for (const other of [secret.toUpperCase(), secret.slice(1), secret.split('').reverse().join(''), base64(0, 0).toLowerCase(), sha(secret)]) {
      if (other.includes(secret)) continue;
      expect(exact(`a ${other} b`)).toBe(`a ${other} b`);
    }
  });

  it('of several lines is found line by line, and whole in base64', () => {
    const lines = ['first line of the secret', 'second line of the secret', 'short'].join('\n');
    const known = makeRedactor([{name: 'KEY', value: `${lines}\n`}]);
    expect(known.exact('x second line of the secret y')).toBe('x [secret KEY] y');
    expect(known.exact('short')).toBe('short');
    expect(known.exact(`a ${lines} b`)).toBe('a [secret KEY]\n\n b');
    expect(known.exact(Buffer.from(lines).toString('base64'))).toMatch(/^\[secret KEY\].{0,3}$/);
    expect(known.exact(JSON.stringify({key: lines}))).toBe('{"key":"[secret KEY]"}');
  });

  it('keeps the number of lines, so that what is behind it stays where it was', () => {
    const before = `one\n${wrapped(base64(0, 0), 10, '\n')}\nlast`;
    expect(exact(before).split('\n')).toHaveLength(before.split('\n').length);
  });

  it('that is too short is none, and no name can break out of the mark', () => {
    expect(makeRedactor([{name: 'A', value: 'short'}]).text('a short one')).toBe('a short one');
    expect(makeRedactor([{name: 'A]\n`<b>', value: 'long-enough-1'}]).text('long-enough-1')).toMatch(/^\[secret [\w.-]{1,40}\]$/);
  });

  it('which is like its name is redacted once', () => {
    const like = makeRedactor([{name: 'MY_SECRET_TOKEN', value: 'MY_SECRET_TOKEN'}]);
    const once = like.text('a MY_SECRET_TOKEN b');
    expect([once, like.text(once)]).toEqual(['a [secret MY_SECRET_TOKEN] b', once]);
  });
});

function sha(of: string): string {
  return Buffer.from(of).toString('hex').slice(0, -2);
}

describe('whatever is random', () => {
  const neighbour = fc.string({unit: fc.oneof(fc.constantFrom('\\', '%', '2', '5', 'n', 'u', ' ', '\n', '"', '/', 'a', '='), fc.string({minLength: 1, maxLength: 1})), maxLength: 12});
  const anySecret = fc.string({minLength: 12, maxLength: 40, unit: fc.oneof(fc.constantFrom('/', '+', '"', '\\', '%', 'é', '\n'), fc.constantFrom('a', 'b', 'n', 'u', 'X', 'Y', 'Z', '0', '1', '2', '5', '_', '-'))}).filter((one) => one.trim() === one && /[a-zX-Z0-9]{6}/.test(one));
  const spelled: readonly ((one: string) => string)[] = [
    (one) => one,
    (one) => JSON.stringify(one).slice(1, -1),
    (one) => encodeURIComponent(one),
    (one) => Buffer.from(one).toString('hex'),
    ...[0, 1, 2].map((before) => (one: string) => core64(before, one)),
  ];

  it('a secret in any form at any place is never there again, and its neighbours stay', () => {
    fc.assert(
      fc.property(anySecret, neighbour, neighbour, fc.nat(spelled.length - 1), (one, before, after, which) => {
        const form = spelled[which]!(one);
        const known = makeRedactor([{name: 'S', value: one}]);
        const out = known.exact(before + form + after);
        expect(out).not.toContain(form);
        expect(out).toContain('[secret S]');
        expect(known.exact(out)).toBe(out);
        if (which === 0) {
          // What stands beside it may be an escape together with it: then a part of that may go too, never more.
          expect(out.startsWith(before.slice(0, -12))).toBe(true);
          expect(out.length).toBeGreaterThanOrEqual(before.length + after.length - 24);
        }
      }),
      {numRuns: 500},
    );
  });

  it('is as it was where there is no secret', () => {
    fc.assert(
      fc.property(fc.string({maxLength: 200}), (some) => {
        expect(exact(some)).toBe(some);
        const once = text(some);
        expect(text(once)).toBe(once);
      }),
    );
  });

  const rest = (of: string): number => of.replace(/\[secret CANARY\]|\\+[rn]|[=\s]/g, '').length;

  it('leaves no part of a secret beside a cut, wherever it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(forms)), fc.double({min: 0, max: 1, noNaN: true}), fc.nat(3), (form, share, gap) => {
        const at = Math.round(form.length * share);
        const {head, tail} = redactor.cut({head: `say ${form.slice(0, at)}`, tail: `${form.slice(at + gap)} now`});
        expect(head.startsWith('say')).toBe(true);
        expect(tail.endsWith('now')).toBe(true);
        // What is left of one side: nothing, the mark, or less than tells anything.
        expect(rest(head.replace(/^say/, ''))).toBeLessThanOrEqual(8);
        expect(rest(tail.replace(/now$/, ''))).toBeLessThanOrEqual(8);
      }),
      {numRuns: 500},
    );
  });
});

const jwt = [{alg: 'HS256'}, {sub: '1234567890'}].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
const alnum = 'Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4';
const body = Array.from({length: 4}, (_, index) => randomBytes(48).toString('base64').replace(/^./, String(index))).join('\n');
const pem = `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`;

describe('a token by its shape', () => {
  it.each([
    `sk-ant-api03-${alnum}`,
    `sk-proj-${alnum}`,
    `sk_live_${alnum}`,
    `ghp_${alnum.slice(0, 36)}`,
    `gho_${alnum.slice(0, 36)}`,
    `ghs_${alnum.slice(0, 36)}`,
    `ghu_${alnum.slice(0, 36)}`,
    `github_pat_${alnum}_${alnum}`,
    `glpat-${alnum.slice(0, 20)}`,
    `xoxb-1234567890-${alnum.slice(0, 24)}`,
    'AKIAIOSFODNN7EXAMPLE',
    'ASIAIOSFODNN7EXAMPLE',
    `AIza${alnum.slice(0, 35)}`,
    `npm_${alnum.slice(0, 36)}`,
    `pypi-AgEIcHlwaS5vcmc${alnum}`,
    `hf_${alnum.slice(0, 34)}`,
    `dop_v1_${'0123456789abcdef'.repeat(4)}`,
    `SG.${alnum.slice(0, 22)}.${alnum}`,
    `${jwt}.${alnum}`,
  ])('is hidden: %s', (one) => {
    for (const [before, after] of [['', ''], ['a ', ' b'], ['"', '"'], ['token=', '&x=1'], ['\\n', '\\n'], ['%20', '%20'], ['\u001b[32m', '\u001b[0m']] as const) {
      expect(text(before + one + after)).toBe(`${before}[secret]${after}`);
      expect(exact(before + one + after)).toBe(before + one + after);
    }
  });

  it.each([
    ['Authorization: Bearer abc123def456', 'Authorization: Bearer [secret]'],
    ['"authorization": "Basic dXNlcjpwYXNz"', '"authorization": "Basic [secret]"'],
    ["-H 'AUTHORIZATION: token abc123def456'", "-H 'AUTHORIZATION: token [secret]'"],
    ['postgres://user:hunter2@db/x', 'postgres://user:[secret]@db/x'],
    ['redis://:p%40ss@host:6379', 'redis://:[secret]@host:6379'],
    [`a\n${pem}\nb`, 'a\n[secret]\n\n\n\n\n\nb'],
    [pem.replaceAll('\n', '\\n'), '[secret]'],
    [pem.slice(0, 120), '[secret]\n\n'],
    [`x'\n${pem.slice(60)}`, "x'[secret]\n\n\n\n\n"],
  ])('is hidden where it stands: %j', (one, then) => {
    expect(text(one)).toBe(then);
    expect(text(then)).toBe(then);
  });

  it.each([
    'd670460b4b4aece5915caf5c68d12f560a9fe3e4',
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    'The token bucket gives each client a token; the secret is in the password field.',
    Buffer.from('an ordinary text in base64, long enough to look odd').toString('base64'),
    'sk-folding-cube-with-a-long-class-name',
    'task-force-management-of-the-year-2026',
    'risk-Assessment-1234567890-abcdefgh',
    'AKIAIOSFODNN7EXAMPLEANDMORE',
    'npm_config_registry npm_lifecycle_event',
    'eyJust a word. eyJ.eyJ.x',
    'http://localhost:8080/a@b https://user@host/x',
    'postgres://${USER}:${PASSWORD}@db postgres://u:<password>@db',
    'Authorization: Bearer $TOKEN, or Authorization: Bearer YOUR_TOKEN',
    'A key begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.',
    '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----',
  ])('is not seen in what is none: %s', (one) => {
    expect(text(one)).toBe(one);
  });

  it('that is cut in two is taken away on both sides, and an ordinary word is not', () => {
    const token = `ghp_${alnum.slice(0, 36)}`;
    expect(redactor.cut({head: `a ${token.slice(0, 12)}`, tail: `${token.slice(20)} b`})).toEqual({head: 'a ', tail: ' b'});
    expect(redactor.cut({head: 'some ordinary', tail: 'wordsWithoutDigits follow'})).toEqual({head: 'some ordinary', tail: 'wordsWithoutDigits follow'});
  });
});

describe('a JSON value', () => {
  const id = 'd670460b4b4aece5915caf5c68d12f560a9fe3e4';

  it('is redacted in every string and key, and nothing else changes', () => {
    const token = `ghp_${alnum.slice(0, 36)}`;
    const given = {a: [secret, 1, null, true, {[secret]: token}], commit: id, digest: `sha256:${'0'.repeat(64)}`};
    expect(redactor.value(given, 'text')).toEqual({a: ['[secret CANARY]', 1, null, true, {'[secret CANARY]': '[secret]'}], commit: id, digest: given.digest});
    expect(redactor.value(given, 'exact')).toEqual({a: ['[secret CANARY]', 1, null, true, {'[secret CANARY]': token}], commit: id, digest: given.digest});
  });

  it('keeps a whole id, unless that is the secret itself', () => {
    expect(makeRedactor([{name: 'A', value: id.slice(4, 16)}]).value({id}, 'text')).toEqual({id});
    expect(makeRedactor([{name: 'A', value: id}]).value({id, at: `at ${id}`}, 'exact')).toEqual({id: '[secret A]', at: 'at [secret A]'});
  });

  it('cannot set a prototype', () => {
    const out = redactor.value(JSON.parse('{"__proto__": {"x": 1}}') as object, 'text');
    expect([Object.keys(out), 'x' in out]).toEqual([['__proto__'], false]);
  });
});

describe('the work', () => {
  it('grows with the length of a hostile text alone: no pattern goes back over it, and no stack ends', () => {
    const hostile = ['x', '\\', '\\n', '%25', '%', 'eyJ', 'eyJaaaaaaaa.', 'sk-', 'pypi-', '://', '://a:', 'authorization: bearer ', '-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----', '[secret', secret.slice(0, -1)];
    for (const piece of hostile) {
      const long = piece.repeat(Math.ceil(300_000 / piece.length));
      expect(text(text(long))).toBe(text(long));
      expect(redactor.cut({head: long, tail: long}).head.length).toBeLessThanOrEqual(long.length);
    }
  });
});
