import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {parse} from 'yaml';
import {isAppError} from '../../../src/core/errors.js';
import {manifestOwners, parseManifest, type Manifest} from '../../../src/core/manifest.js';
import {RepositoryConfig} from '../../../src/project/config-schema.js';
import type {Fact} from '../../../src/project/stack/fact.js';
import {draftManifest, type DraftParts} from '../../../src/cli/draft/draft-manifest.js';
import {configFile} from '../../../src/cli/draft/init-files.js';
import {isYamlProblem, parseYaml} from '../../../src/project/yaml-text.js';

const fact = (more: Partial<Fact> = {}): Fact => ({kind: 'test-command', value: 'npm test', argv: ['npm', 'test'], file: 'package.json', seen: 'script test: node --test', certainty: 'certain', ...more});
const nothing: DraftParts = {task: 'Do it', image: 'node', files: [], testFiles: [], test: undefined, below: [], criteria: []};
const npm = {value: ['npm', 'test'], because: fact(), inImage: true};

function refusal(text: string): string {
  try {
    parseManifest(parse(text), 'draft');
    return 'none';
  } catch (error) {
    return isAppError(error) ? error.code : 'another';
  }
}

/** What a person does: the comment signs in front of the examples are taken away. */
function filledIn(text: string): Manifest {
  return parseManifest(parse(text.replace(/^( *)# (- |command)/gm, '$1$2')), 'draft');
}

describe('a draft manifest', () => {
  test('is refused until it is filled in, and is a manifest then', () => {
    for (const parts of [nothing, {...nothing, test: npm}]) {
      const {text, open} = draftManifest(parts);
      expect(open.length).toBeGreaterThan(1);
      expect(refusal(text)).toBe('MANIFEST_INVALID');
      expect(manifestOwners(filledIn(text))).toEqual(['implementation', 'test']);
    }
  });

  test('with everything known it is one as it is', () => {
    const {text, open} = draftManifest({...nothing, test: npm, files: [{path: 'src/[id].ts', action: 'create', owner: 'implementation'}], testFiles: [{path: 'test/a.test.ts', owner: 'test'}], criteria: ['it works\n- {path: x}']});
    expect(open).toEqual([]);
    expect(parseManifest(parse(text), 'draft')).toMatchObject({task: 'Do it', files: [{path: 'src/[id].ts'}], tests: {command: ['npm', 'test'], files: [{path: 'test/a.test.ts'}]}});
  });

  test('a program that the image lacks is said', () => {
    expect(draftManifest({...nothing, test: {...npm, value: ['pnpm', 'test'], inImage: false}}).open.join()).toContain('pnpm');
  });

  test('no text of a task or a repository becomes a key', () => {
    const hostile = fc.string({unit: 'binary', minLength: 1, maxLength: 60}).filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(hostile, hostile, hostile, (task, seen, program) => {
        const {text} = draftManifest({...nothing, task, test: {value: [program], because: fact({seen, file: seen}), inImage: undefined}, criteria: [seen], files: [{path: 'a', action: 'create', owner: 'implementation'}], testFiles: [{path: 'b', owner: 'test'}]});
        // eslint-disable-next-line no-control-regex -- no control character may reach a terminal
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
        const yaml = parseYaml(text);
        if (isYamlProblem(yaml)) throw new Error(yaml.message);
        expect(parseManifest(yaml.value, 'draft')).toMatchObject({task, tests: {command: [program]}});
      }),
    );
  });
});

describe('the configuration that init writes', () => {
  test('has only keys that the schema knows, whatever was seen', () => {
    const hostile = fc.string({unit: 'binary', maxLength: 60});
    fc.assert(
      fc.property(hostile, hostile.filter((text) => text !== ''), hostile, (seen, image, word) => {
        const {text} = configFile({image, because: fact({seen, file: seen}), test: {value: [word], because: fact({seen})}});
        const yaml = parseYaml(text);
        if (isYamlProblem(yaml)) throw new Error(yaml.message);
        expect(RepositoryConfig.parse(yaml.value)).toEqual({schemaVersion: 1, image});
      }),
    );
    expect(RepositoryConfig.parse(parse(configFile({image: 'node', because: undefined, test: undefined}).text))).toEqual({schemaVersion: 1, image: 'node'});
  });

  test('what stands in comments is configuration too, once the signs are taken away', () => {
    const text = configFile({image: 'node', because: undefined, test: undefined}).text.replace(/^# (?=limits|specialists)/gm, '').replace(/^# {3}/gm, '  ');
    expect(Object.keys(RepositoryConfig.parse(parse(text)))).toEqual(['schemaVersion', 'image', 'limits', 'specialists']);
  });
});
