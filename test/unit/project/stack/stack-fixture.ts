import {detectStack} from '../../../../src/project/stack/detect.js';
import type {Fact, FactKind, Stack} from '../../../../src/project/stack/fact.js';
import {treeLookup} from '../../../../src/project/stack/tree-lookup.js';
import {memoryTree, never, type Content} from '../../verify/memory-tree.js';

/** What is detected in a commit with these files. */
export async function stackOf(files: Readonly<Record<string, Content>>): Promise<Stack> {
  return detectStack(treeLookup(memoryTree(files), never));
}

/** The facts of a kind as `value certainty file`, sorted. */
export function said(stack: Stack, kind: FactKind): readonly string[] {
  return stack.facts.filter((fact: Fact) => fact.kind === kind).map((fact) => `${fact.value} ${fact.certainty} ${fact.file}`).sort();
}
