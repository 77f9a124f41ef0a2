import type {ExportEntry, WorkspaceNames} from '../../core/sandbox.js';
import {text, type Lab} from './case.js';

/** More than any file of a case has, unless the case is about that. */
const maxFileBytes = 10_000_000;

/** The export of a stopped box, as sorted lines. */
export async function changesOf(lab: Lab, names: WorkspaceNames, maxBytes = maxFileBytes): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const entry of lab.engine.exportWorkspace({names, ownership: lab.ownership, maxFileBytes: maxBytes}, lab.signal)) lines.push(lineOf(entry));
  return lines.sort();
}

/** One entry of an export in a line. */
export function lineOf(entry: ExportEntry): string {
  const path = text(entry.path);
  switch (entry.kind) {
    case 'file':
      return `${entry.executable ? 'executable' : 'file'} ${path} ${entry.size} ${JSON.stringify(text(entry.bytes))}`;
    case 'symlink':
      return `symlink ${path} ${text(entry.target)}`;
    case 'deleted':
      return `deleted ${path}`;
    case 'special':
      return `special ${path} ${entry.what}`;
  }
}
