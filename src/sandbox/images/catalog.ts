import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {canonicalJson, sha256} from '../../core/canonical.js';
import {type ExtraCertificate, readExtraCertificates} from './certificates.js';
import {debianRelease, nodePackages, npmPackage, officialImages} from './pins.js';

/** Names of our images, parents first. `base` also fills and exports volumes. */
export const ownImages = ['base', 'node', 'python'] as const;
/** One of {@link ownImages}. */
export type OwnImage = (typeof ownImages)[number];

/** Label of an image of ours: its bare name. Containers made from it inherit the label. */
export const imageLabel = 'dev.bulkhead.image';
/** Label that says where the base came from: {@link BaseOrigin}. */
export const baseLabel = 'dev.bulkhead.base';
/** Label that says where Node.js came from: {@link NodeOrigin}. */
export const nodeLabel = 'dev.bulkhead.node';
/** `present` on the engine, `pulled` from a registry, or `bootstrapped` from the distribution's packages. */
export type BaseOrigin = 'present' | 'pulled' | 'bootstrapped';
/** The `official` image, or the npm registry's platform package. */
export type NodeOrigin = 'official' | 'npm-package';

/** How one image is made. */
export interface Recipe {
  readonly name: OwnImage;
  /** `bulkhead/<name>:<12 hex digits of the recipe's hash>`. */
  readonly reference: string;
  readonly hash: string;
  readonly parent: OwnImage | undefined;
  /** Folder with its Dockerfile. */
  readonly folder: string;
}

/** All recipes, and the certificates that go into the base. */
export interface Catalog {
  readonly recipes: Readonly<Record<OwnImage, Recipe>>;
  readonly certificates: readonly ExtraCertificate[];
}

/** `images/` of this package: three folders up both from `src/sandbox/images/` and from `dist/sandbox/images/`. */
const imagesFolder = fileURLToPath(new URL('../../../images', import.meta.url));

/** What besides its files an image is made of. */
const pins: Readonly<Record<OwnImage, unknown>> = {
  base: {debianRelease, official: officialImages.debian},
  node: {nodePackages, npmPackage, official: officialImages.node},
  python: {},
};

/**
 * The recipes for a folder of recipe files and a list of certificates: a hash is that of the files under the image's
 * folder, the pinned versions, the certificates and the parent's hash, so that any change of these is another tag.
 */
export function readCatalog(folder: string, certificates: readonly ExtraCertificate[]): Catalog {
  const recipe = (name: OwnImage, parent: Recipe | undefined): Recipe => {
    const files = recipeFiles(join(folder, name));
    const fingerprints = certificates.map(({fingerprint}) => fingerprint);
    const hash = sha256(canonicalJson({name, files, pins: pins[name], fingerprints, parent: parent?.hash ?? ''}));
    return {name, reference: `bulkhead/${name}:${hash.slice(0, 12)}`, hash, parent: parent?.name, folder: join(folder, name)};
  };
  const base = recipe('base', undefined);
  return {recipes: {base, node: recipe('node', base), python: recipe('python', base)}, certificates};
}

function recipeFiles(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, {recursive: true, withFileTypes: true, encoding: 'utf8'})
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path.slice(folder.length + 1), sha256(readFileSync(path))] as const);
}

let own: Catalog | undefined;

/** Our own recipes for this host; read once per process. */
export function ownCatalog(): Catalog {
  own ??= readCatalog(imagesFolder, readExtraCertificates({env: process.env}));
  return own;
}

/** The full reference for a bare name of ours (`node` → `bulkhead/node:…`), or undefined for any other name. Asks no engine. */
export function imageReference(name: string): string | undefined {
  const known = ownImages.find((image) => image === name);
  return known === undefined ? undefined : ownCatalog().recipes[known].reference;
}
