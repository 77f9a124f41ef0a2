import {describe, expect, it} from 'vitest';
import {imageReference} from '../../../src/sandbox/images/catalog.js';
import {codesOf, useVerification, type Case} from './verify-fixture.js';

const verify = useVerification(imageReference('python') ?? '');

const base = {
  'pyproject.toml': '[project]\nname = "sums"\nversion = "1"\n\n[tool.pytest.ini_options]\naddopts = "-q"\n',
  'sums/__init__.py': '',
  'sums/add.py': 'def add(a, b):\n    return a + b\n',
  'tests/test_add.py': "import pytest\nfrom sums.add import add\n\n\n@pytest.mark.parametrize('b', [0, 1])\ndef test_adds(b):\n    assert add(1, b) == 1 + b\n\n\ndef test_known_trouble():\n    assert add(1, '2') == 3\n",
};
const double = 'from .add import add\n\n\ndef double(a):\n    print("doubling")\n    return add(a, a)\n';
const doubleTest = 'from sums.double import double\n\n\ndef test_doubles():\n    assert double(2) == 4\n';
const honest = {'sums/double.py': double, 'tests/test_double.py': doubleTest};
const one = (change: Case['change'], command: readonly string[] = ['python3', '-m', 'pytest']): Case => ({
  base,
  change: {...honest, ...change},
  manifest: {
    files: [{path: 'sums/double.py', action: 'create', owner: 'implementation'}],
    tests: {command, files: [{path: 'tests/test_double.py', owner: 'test', covers: ['sums/double.py']}], timeoutMs: 60_000},
  },
});

describe('verification with pytest', () => {
  it('honest work is verified', async () => {
    const verification = await verify(one({'pyproject.toml': base['pyproject.toml'].replace('"1"', '"2"')}));
    expect(codesOf(verification)).toEqual([]);
    expect(verification).toMatchObject({
      verdict: 'verified',
      tests: {
        runner: 'pytest',
        new: ['tests/test_double.py > test_doubles'],
        kept: ['tests/test_add.py > test_adds[0]', 'tests/test_add.py > test_adds[1]'],
        knownFailing: ['tests/test_add.py > test_known_trouble'],
        failToPass: {wanted: 1, met: 1},
      },
    });
  });

  it('the search path of the manifest reaches the tests', async () => {
    const given = one({}, ['pytest']);
    const manifest = given.manifest as {readonly tests: object};
    const verification = await verify({...given, manifest: {...manifest, tests: {...manifest.tests, env: {PYTHONPATH: '.'}}}});
    expect(verification.verdict).toBe('verified');
  });

  it('a broken old test and a promised test that fails block', async () => {
    const verification = await verify(one({'sums/add.py': 'def add(a, b):\n    return a + b if b != 1 else 0\n', 'sums/double.py': 'def double(a):\n    return 0\n'}));
    expect(codesOf(verification)).toEqual([['REGRESSION', 'tests/test_add.py'], ['TEST_FAILED', 'tests/test_double.py']]);
  });

  it('a file that does not load fails alone', async () => {
    const verification = await verify(one({'sums/double.py': undefined}));
    expect(codesOf(verification)).toEqual([['FILE_MISSING', 'sums/double.py'], ['TEST_FAILED', 'tests/test_double.py']]);
    expect(verification.tests?.kept).toHaveLength(2);
  });

  it('a planted conftest.py and interpreter hook are left out', async () => {
    const hook = "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n    outcome = yield\n    outcome.get_result().outcome = 'passed'\n";
    const verification = await verify(one({'conftest.py': hook, 'sitecustomize.py': 'raise SystemExit(0)\n', 'sums/double.py': 'def double(a):\n    return 0\n'}));
    expect(codesOf(verification)).toEqual([['PROTECTED_FILE_CHANGED', 'conftest.py'], ['PROTECTED_FILE_CHANGED', 'sitecustomize.py'], ['TEST_FAILED', 'tests/test_double.py']]);
  });

  it('an early exit with 0 gives no results', async () => {
    const verification = await verify(one({'sums/double.py': 'import os\n\n\ndef double(a):\n    os._exit(0)\n'}));
    expect(codesOf(verification)).toEqual([['NO_TEST_RESULTS', undefined]]);
  });

  it('a module of the repository does not stand in for pytest', async () => {
    const verification = await verify(one({'pytest.py': 'raise SystemExit(0)\n', 'secrets.py': 'raise SystemExit(0)\n'}));
    expect(verification.verdict).toBe('verified');
  });

  it('printed result lines change nothing', async () => {
    const lines = '@bulkhead hello {"v":1,"nonce":"ffffffffffffffffffffffffffffffff","runner":"pytest","version":"3"}';
    const verification = await verify(one({'sums/double.py': `import os\nos.write(1, b'${lines}\\n')\n\n\ndef double(a):\n    return 0\n`}));
    expect(codesOf(verification)).toEqual([['TEST_FAILED', 'tests/test_double.py']]);
  });

  it('a plugin and a configuration that the command names are as on the base', async () => {
    const hook = "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n    outcome = yield\n    outcome.get_result().outcome = 'passed'\n";
    const command = ['python3', '-m', 'pytest', '-p', 'tools.plug', '-c', 'other.ini'];
    const files = {...base, 'tools/plug.py': '', 'other.ini': '[pytest]\n'};
    const cheat = await verify({...one({'tools/plug.py': hook, 'other.ini': '[pytest]\naddopts = -k nothing\n', 'sums/double.py': 'def double(a):\n    return 0\n'}, command), base: files});
    expect(codesOf(cheat)).toEqual([['PROTECTED_FILE_CHANGED', 'other.ini'], ['PROTECTED_FILE_CHANGED', 'tools/plug.py'], ['TEST_FAILED', 'tests/test_double.py']]);
    const work = await verify({...one({}, command), base: files});
    expect([work.verdict, codesOf(work)]).toEqual(['verified', []]);
  });

  it('options and code that use the cache of pytest work', async () => {
    const files = {...base, 'pyproject.toml': base['pyproject.toml'].replace('-q', '-q --ff'), 'tests/test_cache.py': "def test_cache(pytestconfig):\n    pytestconfig.cache.set('a/b', 1)\n    assert pytestconfig.cache.get('a/b', 0) == 1\n"};
    const verification = await verify({...one({}), base: files});
    expect([verification.verdict, verification.tests?.kept.length]).toEqual(['verified', 3]);
  });

  it('a conftest.py or a module that needs the work is why its tests gave no result without it', async () => {
    const conftest = 'import pytest\nfrom sums.double import double\n\n\n@pytest.fixture\ndef four():\n    return double(2)\n';
    const given = one({'tests/conftest.py': conftest, 'tests/test_double.py': 'def test_doubles(four):\n    assert four == 4\n'});
    const manifest = given.manifest as {readonly files: readonly object[]};
    const fixture = await verify({...given, manifest: {...manifest, files: [...manifest.files, {path: 'tests/conftest.py', action: 'create', owner: 'test'}]}});
    expect([fixture.verdict, codesOf(fixture), fixture.tests?.beforeEnd]).toEqual(['verified', [], 'not-loaded']);
    const skip = await verify(one({'tests/test_double.py': "import pytest\nsums = pytest.importorskip('sums.double')\n\n\ndef test_doubles():\n    assert sums.double(2) == 4\n"}));
    expect([skip.verdict, skip.tests?.failToPass.byLoad]).toEqual(['verified', ['tests/test_double.py > test_doubles']]);
  });
});
