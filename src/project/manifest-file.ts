import {AppError} from '../core/errors.js';
import {parseManifest, type Manifest} from '../core/manifest.js';
import {readTextFile} from './text-file.js';
import {isYamlProblem, parseYaml} from './yaml-text.js';

/** Where a manifest is, and what holds when it does not say. */
export interface ManifestRequest {
  readonly path: string;
  /** The configured image, for a manifest without one. */
  readonly image?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Reads a manifest from a YAML or JSON file (JSON is read as the part of YAML that it is). Throws MANIFEST_INVALID, which
 * names the file, the key and, for broken syntax, line and column; or MANIFEST_KEY_UNSERVED.
 */
export async function readManifest({path, image, signal}: ManifestRequest): Promise<Manifest> {
  const file = await readTextFile({path, followLink: true, signal});
  if (!('text' in file)) throw unusable(`The manifest ${path} ${file.problem}.`);
  return parseManifestText(file.text, {source: path, image});
}

function parseManifestText(text: string, {source, image}: {readonly source: string; readonly image?: string | undefined}): Manifest {
  const yaml = parseYaml(text);
  if (isYamlProblem(yaml)) throw unusable(`${source}:${yaml.line}:${yaml.column}: the manifest is not valid YAML or JSON: ${yaml.message}.`);
  return parseManifest(withImage(yaml.value, image), source);
}

function withImage(value: unknown, image: string | undefined): unknown {
  const lacks = typeof value === 'object' && value !== null && !Array.isArray(value) && !('image' in value);
  return lacks && image !== undefined ? {...value, image} : value;
}

function unusable(message: string): AppError {
  return new AppError('MANIFEST_INVALID', message, {hint: 'Correct the file, or give another one with --manifest FILE.'});
}
