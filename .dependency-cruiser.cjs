// The room table of src/README.md as a machine rule. `rooms` says what each room may import of the others.
const rooms = {
  core: [],
  code: ['core'],
  project: ['core'],
  context: ['core', 'code'],
  git: ['core'],
  sandbox: ['core'],
  agents: ['core'],
  verify: ['core', 'code'],
  record: ['core'],
  run: ['core', 'code', 'project', 'context', 'git', 'sandbox', 'agents', 'verify', 'record'],
  cli: ['core', 'code', 'project', 'context', 'git', 'sandbox', 'agents', 'verify', 'record', 'run'],
};

/** Packages and Node.js modules that only some folders may import. */
const doors = [
  {name: 'only-sandbox-docker-speaks-dockerode', to: 'node_modules/(@types/)?dockerode', from: '^src/sandbox/docker/'},
  {name: 'only-agents-speaks-to-models', to: 'node_modules/@anthropic-ai/', from: '^src/agents/'},
  {name: 'only-cli-uses-oclif', to: 'node_modules/@oclif/', from: '^src/cli/'},
  // In `git/` one file alone, which only its two doors may call (`test/tooling/doors.js`). One file more: `--detach` starts Bulkhead itself again.
  {name: 'only-two-rooms-spawn', to: '^(node:)?child_process$|node_modules/execa', from: '^src/git/door/process\\.ts$|^src/sandbox/|^src/cli/drive/detach\\.ts$'},
];

/** `run/` sees the other rooms by their types alone; `cli/wire.ts` hands it the real ones. */
const typesOnly = {
  name: 'run-sees-rooms-by-interface',
  severity: 'error',
  from: {path: '^src/run/'},
  to: {path: '^src/(git|sandbox|agents|verify)/', dependencyTypesNot: ['type-only']},
};

module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(([room, may]) => ({
      name: `room-${room}`,
      severity: 'error',
      from: {path: `^src/${room}/`},
      to: {path: '^src/', pathNot: `^src/(${[room, ...may].join('|')})/`},
    })),
    ...doors.map(({name, to, from}) => ({name, severity: 'error', from: {path: '^src/', pathNot: from}, to: {path: to}})),
    {
      name: 'core-is-pure',
      severity: 'error',
      from: {path: '^src/core/'},
      to: {pathNot: '^src/core/|node_modules/(zod|picomatch|@types/picomatch)/|^(node:)?crypto$', dependencyTypesNot: ['type-only']},
    },
    {name: 'every-file-has-a-room', severity: 'error', from: {}, to: {path: '^src/', pathNot: `^src/(${Object.keys(rooms).join('|')})/`}},
    {name: 'only-wire-names-adapters', severity: 'error', from: {path: '^src/cli/', pathNot: '^src/cli/wire\\.ts$'}, to: {path: '^src/(git|sandbox|agents)/', dependencyTypesNot: ['type-only']}},
    typesOnly,
    {name: 'no-cycles', severity: 'error', from: {}, to: {circular: true, viaOnly: {dependencyTypesNot: ['type-only']}}},
    {name: 'no-unresolvable', severity: 'error', from: {}, to: {couldNotResolve: true}},
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    tsPreCompilationDeps: 'specify',
    tsConfig: {fileName: 'tsconfig.json'},
    enhancedResolveOptions: {exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'], extensions: ['.ts', '.js', '.d.ts']},
  },
};
