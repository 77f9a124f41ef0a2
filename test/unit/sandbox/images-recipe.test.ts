import {appendFile, cp, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {rootCertificates} from 'node:tls';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {parseIndexTargets} from '../../../src/sandbox/images/bootstrap.js';
import {type Catalog, imageReference, type OwnImage, ownImages, readCatalog} from '../../../src/sandbox/images/catalog.js';
import {readExtraCertificates} from '../../../src/sandbox/images/certificates.js';
import {planProxy} from '../../../src/sandbox/images/context.js';

/** Two throw-away authorities. */
const one = `-----BEGIN CERTIFICATE-----
MIIBkDCCATegAwIBAgIUBDOmJGyjHTniODEjdEaRroSoA9MwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSdGVzdCBhdXRob3JpdHkgb25lMCAXDTI2MTEyNDA2MjEzM1oY
DzIxMjYxMDMxMDYyMTMzWjAdMRswGQYDVQQDDBJ0ZXN0IGF1dGhvcml0eSBvbmUw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR9ckuqIaP6fVP+c2aUN3qroTQrFEFK
qB8/t3K/Z2unA6uWet7EVVkLg+vaSxFR1i1WmXejcdUBBGbND3Mr6vqqo1MwUTAd
BgNVHQ4EFgQUKrb0lJZHEIVeRZn0ugHv2cmKzfgwHwYDVR0jBBgwFoAUKrb0lJZH
EIVeRZn0ugHv2cmKzfgwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBE
AiBqhih7L+EGvtx6uRkeuGu5qMfuSbTC4FzJuwQCEvF/bAIgFJ38ajc1bp/0PYa7
4UBYCpS1FcRsEzU70dn4sbDDc/o=
-----END CERTIFICATE-----
`;
const two = `-----BEGIN CERTIFICATE-----
MIIBkjCCATegAwIBAgIUHgdkmpEERmPW7+hPG7ATn4j9Z2EwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSdGVzdCBhdXRob3JpdHkgdHdvMCAXDTI2MTEyNDA2MjEzM1oY
DzIxMjYxMDMxMDYyMTMzWjAdMRswGQYDVQQDDBJ0ZXN0IGF1dGhvcml0eSB0d28w
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATliAEWMKk+vrNhnRfBZ+dmiQkIE+Pu
jk+P8JrFsXUEBE+37X9QGk4z1BFnNbSXAu1HgVOyL+F9ykUvVxSzwg7no1MwUTAd
BgNVHQ4EFgQU4ds7M68XVGmlemtSinJ2/kNHlNUwHwYDVR0jBBgwFoAU4ds7M68X
VGmlemtSinJ2/kNHlNUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBG
AiEAiI2iJiH+VbWtkw2YFzAo9cDOor9qXSe5/IKITeYH8QYCIQDBPtIor/rZdG9v
CvMXR8U9uNq7m0JIulAEuGrw67Uf7g==
-----END CERTIFICATE-----
`;

let folder: string;
let images: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bh-recipe-'));
  images = join(folder, 'images');
  await cp(fileURLToPath(new URL('../../../images', import.meta.url)), images, {recursive: true});
});

afterEach(async () => {
  await rm(folder, {recursive: true, force: true});
});

const changed = (before: Catalog, after: Catalog): readonly OwnImage[] => ownImages.filter((name) => before.recipes[name].reference !== after.recipes[name].reference);

describe('the tag of an image is its recipe', () => {
  it('and stays when nothing changes', () => {
    const catalog = readCatalog(images, []);
    expect(changed(catalog, readCatalog(images, []))).toEqual([]);
    for (const name of ownImages) expect(catalog.recipes[name].reference).toMatch(new RegExp(`^bulkhead/${name}:[0-9a-f]{12}$`));
  });

  it('and changes with a file, for the image and those made from it alone', async () => {
    const before = readCatalog(images, []);
    await appendFile(join(images, 'node/Dockerfile'), '# more\n');
    expect(changed(before, readCatalog(images, []))).toEqual(['node']);
    await mkdir(join(images, 'base/more'));
    await writeFile(join(images, 'base/more/file'), '');
    expect(changed(before, readCatalog(images, []))).toEqual(['base', 'node', 'python']);
  });

  it('and changes with a certificate authority of the host', async () => {
    await writeFile(join(folder, 'one.crt'), one);
    const certificates = readExtraCertificates({env: {}, localFolder: folder, publicFolder: join(folder, 'none')});
    expect(changed(readCatalog(images, []), readCatalog(images, certificates))).toEqual(['base', 'node', 'python']);
  });

  it('and only bare names of ours have one', () => {
    expect(imageReference('node')).toMatch(/^bulkhead\/node:[0-9a-f]{12}$/);
    for (const name of ['node:24', 'debian', '', 'constructor', '../base']) expect(imageReference(name)).toBeUndefined();
  });
});

describe('the extra certificate authorities of a host', () => {
  const read = (env: Record<string, string> = {}) => readExtraCertificates({env, localFolder: join(folder, 'local'), publicFolder: join(folder, 'public')});

  beforeEach(async () => {
    await mkdir(join(folder, 'local/corp'), {recursive: true});
    await mkdir(join(folder, 'public'));
  });

  it('come from the local folder and the files named in the environment, each once, in one order', async () => {
    await writeFile(join(folder, 'local/corp/one.crt'), one);
    await writeFile(join(folder, 'bundle.pem'), `# two\n${two}\n${one.replaceAll('\n', '\r\n')}`);
    const found = read({NODE_EXTRA_CA_CERTS: join(folder, 'bundle.pem'), SSL_CERT_FILE: join(folder, 'bundle.pem')});
    expect(found).toHaveLength(2);
    expect([...found].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))).toEqual(found);
    expect(found.map(({pem}) => pem)).toEqual(expect.arrayContaining([one, two]));
  });

  it('are not the public ones, neither those of Node.js nor those of the distribution', async () => {
    await writeFile(join(folder, 'public/two.crt'), two);
    await writeFile(join(folder, 'bundle.pem'), [...rootCertificates, two].join('\n'));
    expect(read({SSL_CERT_FILE: join(folder, 'bundle.pem')})).toEqual([]);
  });

  it('are not what is no certificate, and a missing file is none', async () => {
    await writeFile(join(folder, 'local/junk.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await writeFile(join(folder, 'local/one.txt'), one);
    expect(read({SSL_CERT_FILE: '/nonexistent', NODE_EXTRA_CA_CERTS: ''})).toEqual([]);
  });
});

describe('the mirror of the base', () => {
  it('is the host’s own when the host is of the same release', () => {
    const output = 'http://mirror.example/debian/ bookworm main Debian\nhttp://mirror.example/debian/ bookworm contrib Debian\nhttps://third.example/ bookworm main Third\nhttp://mirror.example/sec/ bookworm-security main Debian\n';
    expect(parseIndexTargets(output)).toEqual(['deb http://mirror.example/debian/ bookworm main', 'deb http://mirror.example/sec/ bookworm-security main']);
  });

  it.each(['', 'http://mirror.example/ubuntu noble main Ubuntu', 'http://mirror.example/debian/ trixie main Debian', 'http://user:word@mirror.example/debian/ bookworm main Debian', 'http://token@mirror.example/debian/ bookworm main Debian', 'file:/srv/debian bookworm main Debian'])(
    'is the default for %j',
    (output) => {
      const sources = parseIndexTargets(output);
      expect(sources.length).toBeGreaterThan(0);
      expect(sources.every((line) => line.includes('deb.debian.org'))).toBe(true);
    },
  );
});

describe('a proxy of the host', () => {
  it('is handed to the build, and one on the loopback with the network to reach it', () => {
    expect(planProxy({http_proxy: 'http://proxy:3128', NO_PROXY: 'localhost', HOME: '/root'})).toEqual({buildArgs: {http_proxy: 'http://proxy:3128', NO_PROXY: 'localhost'}, network: undefined});
    for (const proxy of ['http://127.0.0.1:3128', 'localhost:3128', 'http://[::1]:1']) expect(planProxy({HTTPS_PROXY: proxy}).network).toBe('host');
    expect(planProxy({http_proxy: ''})).toEqual({buildArgs: {}, network: undefined});
  });
});
