import {z} from 'zod';
import {canonicalJson, sha256} from '../core/canonical.js';
import type {ContextPackage} from './package.js';

/** Keeps packages between processes; as values without a type, since what it gives was written by another process. */
export interface PackageStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: ContextPackage): Promise<void>;
}

const tokens = z.int().min(0);
const Package = z.strictObject({
  specialist: z.string(),
  commit: z.string(),
  budget: tokens,
  tokens,
  items: z.array(
    z.strictObject({
      path: z.string(),
      oid: z.string(),
      section: z.enum(['essential', 'supplementary', 'reference', 'shared']),
      form: z.enum(['whole', 'excerpt', 'outline', 'name']),
      text: z.string(),
      lines: z.array(z.strictObject({from: z.int(), to: z.int()})),
      tokens,
      score: z.number(),
    }),
  ),
  left: z.array(z.strictObject({path: z.string(), tokens, score: z.number()})),
  hash: z.string(),
});

/** A package with its hash. */
export function sealPackage(content: Omit<ContextPackage, 'hash'>): ContextPackage {
  return {...content, hash: sha256(canonicalJson(content))};
}

/** A kept value as the package of a specialist at a commit; undefined when it is none, or its hash is not that of its content. */
export function readPackage(value: unknown, of: {readonly specialist: string; readonly commit: string}): ContextPackage | undefined {
  const made = Package.safeParse(value).data;
  if (made === undefined || made.specialist !== of.specialist || made.commit !== of.commit) return undefined;
  const {hash, ...content} = made;
  return sealPackage(content).hash === hash ? made : undefined;
}
