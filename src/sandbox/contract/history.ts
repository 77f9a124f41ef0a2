import {Readable} from 'node:stream';
import type {History} from '../../core/sandbox.js';
import {file} from './case.js';

/** Three commits, made once by git itself (`git pack-objects --stdout --revs`): the first two, and the third alone. */
const packs = {
  second: {
    commit: '2ace2196121d18fca48482eceb0182a84ed9ec33',
    base64:
      'UEFDSwAAAAIAAAAIkw54nJ3LSwrDIBAA0L2ncF8oOo5OhBJKbzLqSELzQ0zp8dtFT9C3f72J6JiIXKwlUCocPaHjOvihekwI1kYbEmSDSR3cZOuag81MWECKA3RFKpKTlAzZ4HOoyHaQbIzis097049zeU7CRd/yvvXGud/lzeuxyHXeXrzMZdSWAgH4YIy+mC+V93Wde5c/++9rUB+bnUUq+AMqziGWEh0Y/KSEguzrAYKoTtnsM3ice8y4mVG3pCg1VSHR2MDMMtnYICkx2dDAwjLZNDHVKC3J1DLJJCXVLNXCONXC3NLQPC1lYmwLkyEXAOxJEKCpA3icMzQwMDMxUUhkeCC5jyHns0nnowviVRbmiyz87r4+amIABAopDE+1J9dN+bxhyt7UFPW3bbU874o0vAB6ShfKN3icK05Nzs9L4QIAC1ECh60BeJwzNDAwMzFRSGLYO5lhqpkZl+60Txumr+nY1C9/4uwWAIp1C+Y1eJzLTi0o4QIABfIBv60BeJwzNDAwMzFRSGSYE/nIu3my+KzYQt0nPyeI934t9p0JAJSLC/Q2eJxLyywqLuECAAiKAjMBCKrfVJyo69U4fzdj88fdXg6ZGg==',
  },
  third: {
    commit: 'c046b6a9b963bb654999b4611efd98620b36adc7',
    base64:
      'UEFDSwAAAAIAAAAEkw54nJ3LSwoCMQwA0H1P0b0gTfoxBRHxJpk0ZQbnR+mIx9eFJ/DtX2+qlmr0CEqR/OCyFqzsfS1CEVgcxgwpELnB7Nx07RZZFCEnQChAVThQIFTRwQEhU9CSVbw3fPRxa/ZxzM9RudirbGtvLP2ub172Wc/T+uJ5KjcLl3RBjMk5e3JfRrZlmXrXP/vvW28+cj1E+KoDeJwzNDAwMzFRSGRQdpm28dSn4xnaLY4/d6Qtf+TEO93DECKZzGBXWhZ23uzNUmOLpwoXTaZZuXyf/AMAhFcX2jZ4nCvJyCxK4QIACJICJjR4nMtLLecCAAPjAVWuhyovaYJE7Zt6WIRK//xocn/59w==',
  },
} as const;

/** The pack of the first two commits, or of the third alone. */
export function historyOf(which: keyof typeof packs): History {
  return {commit: packs[which].commit, pack: Readable.from([Buffer.from(packs[which].base64, 'base64')])};
}

/** The files of the second commit. */
export const secondFiles = [file('a', 'second\n'), file('d/b', 'kept\n')];
/** What the third commit made new, and what it took away. */
export const thirdChanges = {files: [file('a', 'third\n'), file('c', 'new\n')], deleted: ['d/b']};
