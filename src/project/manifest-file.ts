import {AppError} from '../core/errors.js';
import {parseManifest, type Manifest} from '../core/manifest.js';
import {readTextFile} from './text-file.js';
import {isYamlProblem, parseYaml} from './yaml-text.js';

/**
 * Reads a manifest from a YAML or JSON file (JSON is read as the part of YAML that it is). Throws MANIFEST_INVALID, which
 * names the file, the key and, for broken syntax, line and column; or MANIFEST_KEY_UNSERVED.
 */
export async function readManifest(path: string, signal: AbortSignal): Promise<Manifest> {
  const file = await readTextFile({path, followLink: true, signal});
  if (!('text' in file)) throw unusable(`The manifest ${path} ${file.problem}.`);
  return parseManifestText(file.text, path);
}

/** Like {@link readManifest}, for a text that was read elsewhere, for example from a commit. `source` names it in messages. */
export function parseManifestText(text: string, source: string): Manifest {
  const yaml = parseYaml(text);
  if (isYamlProblem(yaml)) throw unusable(`${source}:${yaml.line}:${yaml.column}: the manifest is not valid YAML or JSON: ${yaml.message}.`);
  return parseManifest(yaml.value, source);
}

function unusable(message: string): AppError {
  return new AppError('MANIFEST_INVALID', message, {hint: 'Correct the file, or give another one with --manifest FILE.'});
}
