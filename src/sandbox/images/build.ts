import {randomBytes} from 'node:crypto';
import {join} from 'node:path';
import {escapeText} from '../../core/escape.js';
import {AppError} from '../../core/errors.js';
import {connectEngine} from '../docker/connect.js';
import {buildImage, type EngineImage, inspectImage, pullImage, readArchitecture, removeImage, tagImage} from '../docker/images.js';
import {bootstrapDebian, type BuildContext} from './bootstrap.js';
import {type BaseOrigin, baseLabel, type Catalog, imageLabel, type NodeOrigin, nodeLabel, ownCatalog, type OwnImage, ownImages, type Recipe} from './catalog.js';
import {contextFolders, layContext, packContext, planProxy, startTemporaryFolder} from './context.js';
import {provideNode} from './npm.js';
import {type Architecture, officialImages} from './pins.js';

/** Asks for images of ours. */
export interface EnsureImagesRequest extends Omit<BuildContext, 'engine'> {
  /** Address of the engine. */
  readonly address: string;
  /** Bare names; parents come by themselves. */
  readonly names: readonly OwnImage[];
  /** Other recipes than our own; for tests. */
  readonly catalog?: Catalog | undefined;
}

/** An image of ours that is on the engine. */
export interface ReadyImage extends EngineImage {
  readonly name: OwnImage;
  readonly reference: string;
  readonly built: boolean;
}

/**
 * Makes sure that images of ours are on the engine, by the tag of their recipe: those that are there cost one look each,
 * the others are built, parents first. Two processes at once may both build; the first to finish gives the name, the
 * other takes its image and drops its own. Throws IMAGE_BUILD_FAILED, ENGINE_FAILED, and ENVIRONMENT when a package
 * that is needed cannot be installed.
 */
export async function ensureImages({address, names, catalog = ownCatalog(), ...rest}: EnsureImagesRequest): Promise<readonly ReadyImage[]> {
  const build: Build = {...rest, engine: connectEngine(address), catalog, registry: {silent: false}};
  const wanted = new Set(names.flatMap((name) => [name, catalog.recipes[name].parent]));
  const ready: ReadyImage[] = [];
  for (const name of ownImages) {
    if (wanted.has(name)) ready.push(await ensureImage(catalog.recipes[name], build));
  }
  return ready;
}

interface Build extends BuildContext {
  readonly catalog: Catalog;
  /** Set once a pull has failed: the next one would only fail as slowly. */
  readonly registry: {silent: boolean};
}

/** What a Dockerfile is told, by image. */
interface Ingredients {
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the build fetches anything. */
  readonly online: boolean;
  /** Run after the build, whatever became of it. */
  readonly release?: (() => Promise<void>) | undefined;
}

async function ensureImage(recipe: Recipe, build: Build): Promise<ReadyImage> {
  const {engine, say, signal} = build;
  const there = await inspectImage(engine, recipe.reference, signal);
  if (there !== undefined) return {...there, name: recipe.name, reference: recipe.reference, built: false};
  const started = Date.now();
  const id = await buildFromRecipe(recipe, build);
  const other = await inspectImage(engine, recipe.reference, signal);
  if (other === undefined) await tagImage(engine, id, recipe.reference, signal);
  else if (other.id !== id) await removeImage(engine, id);
  const made = await inspectImage(engine, recipe.reference, signal);
  if (made === undefined) throw new AppError('IMAGE_BUILD_FAILED', `The image ${recipe.reference} was built, but the engine does not have it.`);
  say(`image ${recipe.name}: ready as ${recipe.reference} (${Math.round((Date.now() - started) / 1000)} s)`);
  return {...made, name: recipe.name, reference: recipe.reference, built: true};
}

async function buildFromRecipe(recipe: Recipe, build: Build): Promise<string> {
  const {engine, env, say, signal, catalog} = build;
  await using folder = await startTemporaryFolder();
  await layContext(folder.path, recipe.folder, catalog.certificates);
  const found = await gather[recipe.name](build, join(folder.path, contextFolders.provided));
  const proxy = planProxy(env);
  say(`image ${recipe.name}: building`);
  try {
    return await buildImage(
      engine,
      {
        context: packContext(folder.path),
        buildArgs: {...found.buildArgs, ...(found.online ? proxy.buildArgs : {})},
        labels: {...found.labels, [imageLabel]: recipe.name},
        network: found.online ? proxy.network : 'none',
        onLine: (line) => {
          if (line.startsWith('Step ')) say(`image ${recipe.name}: ${escapeText(line.replace(/\s+/g, ' ')).slice(0, 80)}`);
        },
      },
      signal,
    );
  } finally {
    await found.release?.();
  }
}

const gather: Readonly<Record<OwnImage, (build: Build, provided: string) => Promise<Ingredients>>> = {
  base: gatherBase,
  node: gatherNode,
  python: (build) => Promise.resolve({buildArgs: {BASE: build.catalog.recipes.base.reference}, labels: {}, online: true}),
};

async function gatherBase(build: Build): Promise<Ingredients> {
  const official = await findOfficial(officialImages.debian, build);
  if (official !== undefined) {
    return {buildArgs: {FROM: officialImages.debian}, labels: {[baseLabel]: official satisfies BaseOrigin}, online: true};
  }
  const reference = `bulkhead/bootstrap:${randomBytes(6).toString('hex')}`;
  await bootstrapDebian(reference, build);
  return {
    buildArgs: {FROM: reference},
    labels: {[baseLabel]: 'bootstrapped' satisfies BaseOrigin},
    online: false,
    // Only the name: the layer stays as the first of the base.
    release: () => removeImage(build.engine, reference),
  };
}

async function gatherNode(build: Build, provided: string): Promise<Ingredients> {
  const base = build.catalog.recipes.base.reference;
  if ((await findOfficial(officialImages.node, build)) !== undefined) {
    return {buildArgs: {BASE: base, SOURCE: officialImages.node}, labels: {[nodeLabel]: 'official' satisfies NodeOrigin}, online: false};
  }
  build.say('image node: taking Node.js from the npm registry');
  await provideNode(provided, await knownArchitecture(build), build);
  return {buildArgs: {BASE: base, SOURCE: base}, labels: {[nodeLabel]: 'npm-package' satisfies NodeOrigin}, online: false};
}

async function findOfficial(reference: string, {engine, registry, say, signal}: Build): Promise<'present' | 'pulled' | undefined> {
  if ((await inspectImage(engine, reference, signal)) !== undefined) return 'present';
  if (registry.silent) return undefined;
  say(`pulling ${reference}`);
  if (await pullImage(engine, reference, signal)) return 'pulled';
  registry.silent = true;
  say(`no registry gives ${reference}; making it without one`);
  return undefined;
}

async function knownArchitecture({engine, signal}: Build): Promise<Architecture> {
  const architecture = await readArchitecture(engine, signal);
  if (architecture === 'amd64' || architecture === 'arm64') return architecture;
  throw new AppError('IMAGE_BUILD_FAILED', `There is no pinned Node.js for ${architecture}.`, {hint: `Pull the official image on the engine: docker pull ${officialImages.node}`});
}
