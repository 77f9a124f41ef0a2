import type {Fact, Stack} from './fact.js';

/** Images of ours, and the programs that each one has for a test command. */
const images = {
  node: {languages: ['node', 'typescript'], programs: ['npm', 'npx', 'node']},
  python: {languages: ['python'], programs: ['pytest', 'python3']},
} as const;

/** A choice that the facts allow, and the fact behind it. */
export interface Choice<T> {
  readonly value: T;
  readonly because: Fact;
}

/** The image, or why the facts do not say which. */
export type ImageChoice = Choice<keyof typeof images> | {readonly why: string};

/**
 * The image that fits what lies at the root, or one folder down when nothing does. Several languages, or one that no
 * image of ours has, is not decided here.
 */
export function chooseImage({facts}: Stack): ImageChoice {
  const languages = facts.filter((fact) => fact.kind === 'language');
  const atRoot = languages.filter((fact) => fact.folder === undefined);
  const seen = atRoot.length > 0 ? atRoot : languages;
  const [first] = seen;
  if (first === undefined) return {why: 'no language was seen'};
  const fitting = Object.entries(images).filter(([, {languages: known}]) => seen.some((fact) => (known as readonly string[]).includes(fact.value)));
  const foreign = seen.filter((fact) => !Object.values(images).some(({languages: known}) => (known as readonly string[]).includes(fact.value)));
  if (fitting.length === 1 && foreign.length === 0) {
    const name = fitting[0]?.[0] as keyof typeof images;
    return {value: name, because: seen.find((fact) => (images[name].languages as readonly string[]).includes(fact.value)) ?? first};
  }
  const names = [...new Set(seen.map((fact) => fact.value))].join(', ');
  return {why: fitting.length > 1 || (fitting.length > 0 && foreign.length > 0) ? `several languages were seen: ${names}` : `no image of Bulkhead's own has ${names}`};
}

/** Test commands of projects below the root, each with its folder: hints for a person, as none of them is for the whole. */
export function testCommandsBelow({facts}: Stack): readonly {readonly folder: string; readonly command: string}[] {
  return facts.flatMap(({kind, folder, value}) => (kind === 'test-command' && folder !== undefined ? [{folder, command: value}] : []));
}

/** The test command of the root that is surest, best one that the image can start; undefined when none was seen. */
export function chooseTestCommand({facts}: Stack, image: string): (Choice<readonly string[]> & {readonly inImage: boolean | undefined}) | undefined {
  const rank = {certain: 0, likely: 1, guess: 2} as const;
  const programs: readonly string[] | undefined = Object.hasOwn(images, image) ? images[image as keyof typeof images].programs : undefined;
  const fits = (fact: Fact): boolean => programs?.includes(fact.argv?.[0] ?? '') ?? false;
  const [best] = facts
    .filter((fact) => fact.kind === 'test-command' && fact.argv !== undefined && fact.folder === undefined)
    .sort((a, b) => Number(fits(b)) - Number(fits(a)) || rank[a.certainty] - rank[b.certainty]);
  if (best?.argv === undefined) return undefined;
  return {value: best.argv, because: best, inImage: programs === undefined ? undefined : fits(best)};
}
