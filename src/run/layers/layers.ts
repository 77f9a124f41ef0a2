import {z} from 'zod';
import {canonicalJson, sha256} from '../../core/canonical.js';
import {givenPath, type LayerRequest} from '../../core/sandbox.js';
import {givenFiles} from '../../project/install/registries.js';
import type {InstallPlan} from '../../project/install/plan.js';
import type {Run} from '../rooms.js';
import {makeSnapshot, snapshotName} from '../work/snapshot.js';
import {layerFailure} from './failure.js';
import {installPlan} from './plan.js';

/** How long an install may take: large trees over a slow registry take minutes. */
const installMs = 20 * 60_000;
const prepareMs = 20 * 60_000;
/** Most bytes kept of each stream of a command; its last lines are shown when it fails. */
const maxBytes = 65_536;

/** What came of the step that makes a layer. */
export const LayerOutcome = z.strictObject({layer: z.string(), command: z.array(z.string()), packages: z.int(), state: z.enum(['there', 'made']), durationMs: z.int()});
export type LayerOutcome = z.infer<typeof LayerOutcome>;

const made = new WeakMap<Run, Map<string, Promise<void>>>();

/**
 * The layers of a commit, the topmost first, made where they are not there: what `install:` gives for its lock file, and
 * what `prepare:` makes of that. None without `install:`. `prepare:` runs over the base of the run whatever the commit is,
 * so it never runs what a specialist wrote. Throws INSTALL_REFUSED, INSTALL_FAILED, REGISTRY_FAILED, PREPARE_FAILED.
 */
export async function makeLayers(run: Run, commit: string, signal: AbortSignal): Promise<readonly string[]> {
  const plan = await installPlan(run, commit, signal);
  if (plan === undefined) return [];
  const dependencies = dependencyLayer(run, plan);
  await once(run, dependencies, () => make(run, {kind: 'install', plan, request: installRequest(run, plan, dependencies)}, signal));
  const {prepare, base} = run.options.manifest;
  if (prepare === undefined) return [dependencies];
  const prepared = await preparedLayer(run, dependencies, signal);
  await once(run, prepared, async () => {
    await makeSnapshot(run, base, signal);
    await make(run, {kind: 'prepare', plan, request: prepareRequest(run, prepare, {plan, dependencies, name: prepared})}, signal);
  });
  return [prepared, dependencies];
}

/** The names of the layers of a commit, without making them. */
export async function layerNames(run: Run, commit: string, signal: AbortSignal): Promise<readonly string[]> {
  const plan = await installPlan(run, commit, signal);
  if (plan === undefined) return [];
  const dependencies = dependencyLayer(run, plan);
  return run.options.manifest.prepare === undefined ? [dependencies] : [await preparedLayer(run, dependencies, signal), dependencies];
}

function dependencyLayer(run: Run, plan: InstallPlan): string {
  return layerName({image: run.image.id, plan: plan.sha256});
}

async function preparedLayer(run: Run, dependencies: string, signal: AbortSignal): Promise<string> {
  const {prepare, base} = run.options.manifest;
  return layerName({over: dependencies, tree: (await run.rooms.repository.reader(base, signal)).tree, prepare});
}

/** By content: the same in each run on an engine. */
function layerName(content: unknown): string {
  return `bulkhead-layer-${sha256(canonicalJson({layout: 1, content})).slice(0, 32)}`;
}

/** Once in this process; what could not be made is tried again. */
async function once(run: Run, name: string, work: () => Promise<void>): Promise<void> {
  const ofRun = made.get(run) ?? new Map<string, Promise<void>>();
  made.set(run, ofRun);
  const making = ofRun.get(name) ?? work();
  ofRun.set(name, making);
  try {
    await making;
  } catch (error) {
    ofRun.delete(name);
    throw error;
  }
}

interface Making {
  readonly kind: 'install' | 'prepare';
  readonly plan: InstallPlan;
  readonly request: LayerRequest;
}

async function make(run: Run, {kind, plan, request}: Making, signal: AbortSignal): Promise<void> {
  const {engine, redact} = run.rooms;
  const done = {looked: false};
  const act = async (): Promise<LayerOutcome> => {
    done.looked = true;
    const result = await engine.makeLayer(request, signal);
    if (result.state === 'failed') throw layerFailure(result, {kind, argv: request.argv, redact});
    return {layer: request.name, command: [...request.argv], packages: plan.packages, state: result.state, durationMs: result.state === 'made' ? result.durationMs : 0};
  };
  const {name, image} = request;
  await run.steps.step({name: `layer/${kind}/${name.slice(-32, -20)}`, input: {layer: name}, names: {layer: name, box: `${name}-${run.id}`, image: image.id}, schema: LayerOutcome, run: act});
  // What an earlier process has made may have been cleaned away since.
  if (!done.looked) await act();
}

function installRequest(run: Run, plan: InstallPlan, name: string): LayerRequest {
  const {image, ownership, options, rooms} = run;
  const given = rooms.registries.given(image.reference);
  const path = (file: string): string => `${givenPath}/${file}`;
  return {
    name,
    ownership,
    image,
    limits: options.limits,
    from: {kind: 'files', files: plan.files, given},
    argv: [...plan.argv, '--json'],
    env: {
      ...(given[givenFiles.certificates] === undefined ? {} : {NODE_EXTRA_CA_CERTS: path(givenFiles.certificates)}),
      npm_config_userconfig: path(givenFiles.npm),
      // Nothing that an image was built with says where packages come from.
      npm_config_globalconfig: '/dev/null',
      // Below the workspace, because memory is small; outside of the layer's folders, so it does not stay.
      npm_config_cache: '/box/workspace/.bulkhead-cache',
      npm_config_logs_max: '0',
      // Its own pauses are 10 s and 60 s, for a wrong hash as for a lost connection; these are 1, 3 and 9 s.
      npm_config_fetch_retries: '3',
      npm_config_fetch_retry_factor: '3',
      npm_config_fetch_retry_mintimeout: '1000',
      npm_config_update_notifier: 'false',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_ignore_scripts: 'true',
      // No lock file that was let through has any of these; whatever was overlooked fails here.
      npm_config_git: '/bin/false',
      npm_config_allow_git: 'none',
      npm_config_allow_file: 'none',
    },
    timeoutMs: installMs,
    folders: plan.folders,
    maxBytes,
  };
}

function prepareRequest(run: Run, argv: readonly string[], {plan, dependencies, name}: {readonly plan: InstallPlan; readonly dependencies: string; readonly name: string}): LayerRequest {
  const {image, ownership, options} = run;
  const from = {kind: 'snapshot', snapshot: snapshotName(run, options.manifest.base), layers: [dependencies]} as const;
  return {name, ownership, image, limits: options.limits, from, argv, env: {npm_config_offline: 'true', npm_config_update_notifier: 'false'}, timeoutMs: prepareMs, folders: plan.folders, maxBytes};
}
