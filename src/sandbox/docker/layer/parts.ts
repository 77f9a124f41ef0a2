import type {LayerRequest, WorkspaceNames} from '../../../core/sandbox.js';
import {workspaceVolumes} from '../remove.js';

/** Names of what a layer needs while one run fills it, and of what holds it for that run. */
export interface LayerParts {
  /** What the layer's own box is called, and its volumes with it: the lookout over the disk counts it like any other box. */
  readonly names: WorkspaceNames;
  /** The volume that becomes the layer. */
  readonly volume: string;
  /** What an overlay needs beside it, and the mounted view, when the layer is made over a snapshot. */
  readonly scratch: string;
  readonly merged: string;
  readonly helper: string;
  readonly hold: string;
}

/** The parts of a layer for one run; the same for a run that is gone on with, which removes what it left. */
export function layerParts({name, ownership: {runId}}: Pick<LayerRequest, 'name' | 'ownership'>): LayerParts {
  const box = `${name}-${runId}`;
  const names = {box, snapshot: ''};
  const {upper, scratch, work} = workspaceVolumes(names);
  return {names, volume: upper, scratch, merged: work, helper: `${box}-fill`, hold: `${box}-hold`};
}
