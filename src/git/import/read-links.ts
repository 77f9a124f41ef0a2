import {holdFiles, type TreeFile} from '../../core/tree.js';
import {decodeStrictly} from '../door/decode.js';
import type {GitStore} from '../bare/refs.js';
import {readFiles} from '../bare/tree-reader.js';
import {baseTreeOf} from './base-tree.js';
import type {Links} from './links.js';

/** Longest target that a file system holds, in bytes (PATH_MAX); a longer one is not followed. */
const maxFollowedBytes = 4096;

/** The targets of a tree's links; undefined for one that is too long or not UTF-8. */
export async function readLinks(store: GitStore, files: readonly TreeFile[], signal: AbortSignal): Promise<Links> {
  const links = new Map<string, string | undefined>();
  const all = baseTreeOf(files).links;
  for (const {path} of all) links.set(path, undefined);
  for await (const {path, bytes} of holdFiles(readFiles(store, all.filter((file) => file.size <= maxFollowedBytes), signal))) links.set(path, decodeStrictly(bytes));
  return links;
}
