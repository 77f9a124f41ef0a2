import {expect, test} from 'vitest';
import {makeRedactor} from '../../../src/core/redact.js';
import type {Captured, EndedProcess} from '../../../src/core/sandbox.js';
import {layerFailure} from '../../../src/run/layers/failure.js';

const captured = (text: string): Captured => ({head: Buffer.from(text), tail: new Uint8Array(), totalBytes: text.length});
const redact = makeRedactor([{name: 'PRIVATE_NPM', value: 'canary-token-1234'}]);

/** A failed command, by what npm prints with `--json`. */
function failure(code: string | undefined, more: Partial<EndedProcess> = {}, kind: 'install' | 'prepare' = 'install') {
  const ended: EndedProcess = {exitCode: 1, timedOut: false, outOfMemory: false, stderr: captured('npm error \u001b[31mcanary-token-1234\n'), durationMs: 1, ...more};
  return layerFailure({state: 'failed', ended, stdout: captured(code === undefined ? 'nonsense' : JSON.stringify({error: {code}}))}, {kind, argv: ['npm', 'ci'], redact});
}

test.each(['EUSAGE', 'ETARGET', 'E404', 'EINTEGRITY', 'ERESOLVE'])('%s says that manifests and lock file are at fault', (code) => {
  expect(failure(code).code).toBe('INSTALL_FAILED');
});

test.each(['ENOTFOUND', 'E401', 'E403', 'E503', 'ECONNREFUSED', 'EANYTHING', undefined])('%s says nothing about the work', (code) => {
  expect(failure(code).code).toBe('REGISTRY_FAILED');
});

test('a time limit is no fault of the work, a full disk neither', () => {
  expect(failure('EUSAGE', {timedOut: true}).code).toBe('REGISTRY_FAILED');
  expect(failure('ENOSPC').code).toBe('DISK_FULL');
  expect(failure(undefined, {outOfMemory: true}).code).toBe('INSTALL_FAILED');
  expect(failure('EUSAGE', {}, 'prepare').code).toBe('PREPARE_FAILED');
});

test('the words of the tool are shown without secrets and without control characters', () => {
  const {message} = failure('E401');
  expect(message).toContain('npm error');
  expect(message).not.toContain('canary-token-1234');
  expect(message).not.toContain('\u001b');
});

test('a limit of the box that ended it is named, whatever the tool said', () => {
  expect(failure('E503', {overDisk: 'disk'})).toMatchObject({code: 'INSTALL_FAILED', hint: expect.stringContaining('limits.diskMiB') as unknown});
  expect(failure(undefined, {overDisk: 'inodes'}, 'prepare')).toMatchObject({code: 'PREPARE_FAILED', hint: expect.stringContaining('limits.inodes') as unknown});
});
