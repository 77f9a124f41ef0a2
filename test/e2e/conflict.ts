/** A task whose two specialists make the same new file, beside what each of them owns. */
export const conflictManifest = `schemaVersion: 1
task: Two names for one function
image: node
files:
  - {path: src/add.js, action: modify, owner: implementation, must: [{contains: plus}]}
  - {path: src/names.js, action: create, owner: quality}
tests: {command: [node, --test], failToPass: none}
`;

/** A command that adds a line to the file that both make. */
export const shareLine = (name: string): string => `{bash: {command: "echo 'export const ${name} = 1;' >> shared.js"}}`;
const names = '{edit: {command: create, path: src/names.js, file_text: "export const names = 1;\\n"}}';

/** How the conflict goes on: the later owner brings its work in again, or gives up; then what the resolver does, as YAML of its turns. */
export interface After {
  readonly owner: 'again' | 'gives up';
  readonly resolver?: readonly string[];
}

/** The script of that task. */
export function conflictTraffic({owner, resolver = []}: After): string {
  return `schemaVersion: 1
specialists:
  implementation:
    turns:
      - tools: [${shareLine('a')}, {bash: {command: "echo 'export const plus = add;' >> src/add.js"}}, {submit: {summary: ok}}]
  quality:
    turns:
      - tools: [${shareLine('b')}, ${names}, {submit: {summary: ok}}]
    repair:
      - tools: [${owner === 'again' ? `${shareLine('b')}, ${names}, {submit: {summary: on top}}` : '{submit: {summary: "I do not know how"}}'}]
${resolver.length === 0 ? '' : `  resolver:\n    turns:\n${resolver.map((turn) => `      - ${turn}\n`).join('')}`}`;
}
