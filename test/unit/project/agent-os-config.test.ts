import {mkdir, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import fc from 'fast-check';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {judgeAgentOsConfig, type AgentOsKey} from '../../../src/project/agent-os-config/judge.js';
import {readConfigFiles, type Config, type ConfigFile} from '../../../src/project/config.js';
import {configDefaults} from '../../../src/project/config-schema.js';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bulkhead-agent-os-'));
});
afterEach(async () => {
  await rm(root, {recursive: true, force: true});
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), {recursive: true});
  await writeFile(join(root, path), text);
}

async function read(): Promise<{readonly config: Config; readonly files: readonly ConfigFile[]}> {
  return readConfigFiles({repositoryRoot: root, userConfigFile: join(root, 'user.yml'), signal: AbortSignal.timeout(20_000)});
}

async function judged(text: string): Promise<{readonly config: Config; readonly of: (key: string) => AgentOsKey}> {
  await put('.agent-os/config.yml', text);
  const {config} = await read();
  return {
    config,
    of: (key) => {
      const found = config.agentOs.find((entry) => entry.key === key);
      if (found === undefined) throw new Error(`no key ${key}`);
      return found;
    },
  };
}

const guide = `orchestration:
  enabled: true
  mode: "orchestrated"
performance_tuning:
  context_optimization:
    cache_size: 1000  # Number of cached context packages
    compression_level: "high"
    refresh_interval: 120
  agent_coordination:
    timeout_values: {communication: 30, synchronization: 60, handoff: 45}
  error_handling:
    retry_limits: {context_errors: 3, coordination_errors: 5, implementation_errors: 1}
    escalation_timeout: 300
monitoring_configuration:
  metrics_collection: {performance_metrics: true, quality_metrics: true, efficiency_metrics: true, error_metrics: true}
  reporting: {real_time_dashboard: true, periodic_reports: true, trend_analysis: true, optimization_recommendations: true}
`;

const fork = `version: 5.8.0
execution_mode: multi
task_file_structure: {enabled: true, format: split, master_file: tasks.md, detail_directory: tasks/}
execution:
  orchestrated_mode: true
  parallel_execution: true
  context_optimization: true
  error_handling: {enabled: true, automatic_recovery: true, escalation_threshold: 3, recovery_timeout: 300}
execution_roles:
  task_orchestrator: {enabled: true, context_window: 32768, specialization: coordination, model: inherit}
  test_architect: {enabled: true, context_window: 16384, model: inherit}
  implementation_specialist: {enabled: true, context_window: 9000, model: opus}
deliverable_verification: {enabled: true, strict_mode: true, verify_files: true, verify_tests: true, verify_acceptance_criteria: true, verify_integration: true}
compound_engineering:
  multi_agent_system: {max_concurrent_agents: 3, timeout_seconds: 120}
  worktrees: {enabled: false, base_directory: .agent-os/worktrees, auto_cleanup: true}
tdd_enforcement: {enforcement_level: strict, coverage_targets: {minimum: 85, target: 90, threshold: 80}}
unified_execution: {context_limit: 0.75, checkpoint_interval: 10, parallel_waves: true, max_concurrent_subagents: 2, prompt_on_blocked: true, sync_documents: {roadmap: true}, checkpointing: {enabled: true}}
test_infrastructure: {timeout_enforcement: {unit: 120, integration: 300, e2e: 600, idle: 60}}
test_failure_handling: {fix_subagent: {max_iterations: 3, verify_after_fix: true, revert_on_regression: true}}
team: {model_tiers: {high: opus}, qc: {no_self_review: true}, task_sizing: {target: 0.65, split: 0.7}}
beads: {status_mapping: {pending: open}}
`;

describe('what a key comes to', () => {
  test('every key of the guide is known, and the ones with a setting of ours set it', async () => {
    const {config} = await judged(guide);
    expect(config.agentOs).toHaveLength(20);
    expect(config.agentOs.filter((key) => !key.known)).toEqual([]);
    expect(config.context).toEqual({
      cacheSize: {value: 1000, origin: 'agent-os'},
      refreshIntervalMs: {value: 120_000, origin: 'agent-os'},
      compressionLevel: {value: 'high', origin: 'agent-os'},
    });
    expect(config.repairRounds).toEqual({value: 1, origin: 'agent-os'});
    expect(config.maxParallel.origin).toBe('default');
  });

  test('every key of the forks that the reference lists is known, and each has a reason', async () => {
    const {config} = await judged(fork);
    expect(config.agentOs.length).toBeGreaterThan(45);
    expect(config.agentOs.filter((key) => !key.known)).toEqual([]);
    for (const key of config.agentOs) expect(key.why, key.key).toMatch(/\S{3}/);
  });

  test('several limits of one setting: the strictest holds', async () => {
    expect((await judged(fork)).config.maxParallel).toEqual({value: 2, origin: 'agent-os'});
  });

  test('a window smaller than the usual context package narrows it, a larger one changes nothing', async () => {
    const {config, of} = await judged(fork);
    expect(config.contextTokens['implementation']).toEqual({value: 9000, origin: 'agent-os'});
    expect(config.contextTokens['test']).toEqual({value: configDefaults.contextTokens.test, origin: 'default'});
    expect(of('execution_roles.task_orchestrator.context_window').effect).toBe('not-used');
  });

  test.each([
    ['orchestration: {mode: sequential}'],
    ['orchestration: {enabled: false, mode: orchestrated}'],
    ['execution: {orchestrated_mode: false}'],
    ['execution: {parallel_execution: false}'],
    ['execution_mode: single'],
    ['unified_execution: {parallel_waves: false}'],
  ])('`%s` means one box at a time', async (text) => {
    expect((await judged(`${text}\n`)).config.maxParallel).toEqual({value: 1, origin: 'agent-os'});
  });

  test('no self-repair means that findings are not sent back', async () => {
    expect((await judged('execution: {error_handling: {automatic_recovery: false}}\n')).config.repairRounds).toEqual({value: 0, origin: 'agent-os'});
  });

  test('an unknown key is kept and named as unknown, never an error', async () => {
    const {of} = await judged('somebody: {elses: [1, {a: 2}]}\n"constructor": 1\n"__proto__": {x: 2}\n');
    expect(of('somebody.elses')).toMatchObject({known: false, effect: 'not-used', value: [1, {a: 2}], line: 1});
    expect(of('constructor')).toMatchObject({known: false, effect: 'not-used', line: 2});
    expect(of('__proto__.x')).toMatchObject({known: false});
  });
});

describe("a repository's file can only narrow", () => {
  test.each(['enabled', 'strict_mode', 'verify_files', 'verify_tests', 'verify_acceptance_criteria', 'verify_integration'])('`deliverable_verification.%s: false` is refused', async (name) => {
    expect((await judged(`deliverable_verification: {${name}: false}\n`)).of(`deliverable_verification.${name}`).effect).toBe('refused');
  });

  test('a refused off-switch switches nothing off', async () => {
    const {of} = await judged('deliverable_verification: {enabled: false, verify_tests: true}\n');
    expect(of('deliverable_verification.verify_tests').effect).toBe('used');
    expect((await judged('deliverable_verification: false\n')).of('deliverable_verification').effect).toBe('refused');
  });

  test.each([
    ['compound_engineering: {multi_agent_system: {max_concurrent_agents: 10}}', 'compound_engineering.multi_agent_system.max_concurrent_agents'],
    ['test_failure_handling: {fix_subagent: {max_iterations: 9}}', 'test_failure_handling.fix_subagent.max_iterations'],
    ['performance_tuning: {context_optimization: {cache_size: 1000000}}', 'performance_tuning.context_optimization.cache_size'],
    ['team: {model_tiers: {high: opus}}', 'team.model_tiers.high'],
    ['execution_roles: {qa: {model: opus}}', 'execution_roles.qa.model'],
    ['tdd_enforcement: {enforcement_level: relaxed}', 'tdd_enforcement.enforcement_level'],
    ['monitoring_configuration: {metrics_collection: {error_metrics: false}}', 'monitoring_configuration.metrics_collection.error_metrics'],
  ])('`%s` is refused, and the default stays', async (text, key) => {
    const {config, of} = await judged(`${text}\n`);
    expect(of(key)).toMatchObject({effect: 'refused', known: true, sets: []});
    expect([config.maxParallel, config.repairRounds, config.context.cacheSize].map((setting) => setting.origin)).toEqual(['default', 'default', 'default']);
  });

  test.each(['maxy', '-1', '1.5', '{a: 1}', 'true', '1e99', '.inf', '.nan', '[]'])('a limit of `%s` is refused, not taken for something else', async (value) => {
    const {config} = await judged(`unified_execution: {max_concurrent_subagents: ${value}}\n`);
    expect(config.maxParallel.origin).toBe('default');
    expect(config.agentOs.some((key) => key.effect === 'used')).toBe(false);
  });

  test('a parent that is off takes its children with it', async () => {
    const {config, of} = await judged('compound_engineering:\n  enabled: false\n  multi_agent_system: {max_concurrent_agents: 2}\nsomebody: {enabled: false, x: 1}\nunified_execution: false\n');
    expect(of('compound_engineering.multi_agent_system.max_concurrent_agents')).toMatchObject({effect: 'not-used', sets: []});
    expect(of('compound_engineering.multi_agent_system.max_concurrent_agents').why).toContain('compound_engineering.enabled');
    expect(config.maxParallel.origin).toBe('default');
    expect(of('unified_execution').effect).toBe('not-used');
  });
});

describe('who stands above whom', () => {
  test("the user's own value stands above it, and the key says so", async () => {
    await put('user.yml', 'maxParallel: 8\nspecialists: {implementation: {context: {tokens: 50000}}}\n');
    const {config, of} = await judged(fork);
    expect(config.maxParallel).toEqual({value: 8, origin: 'user'});
    expect(config.contextTokens['implementation']).toEqual({value: 50_000, origin: 'user'});
    expect(of('unified_execution.max_concurrent_subagents')).toMatchObject({effect: 'not-used', sets: []});
  });

  test('bulkhead.yml stands above it, and can lower a context package but not raise one', async () => {
    await put('bulkhead.yml', 'specialists: {implementation: {context: {tokens: 4000}}, mine: {context: {tokens: 2000}}}\n');
    const {config, of} = await judged(fork);
    expect(config.contextTokens['implementation']).toEqual({value: 4000, origin: 'repository'});
    expect(config.contextTokens['mine']).toEqual({value: 2000, origin: 'repository'});
    expect(of('execution_roles.implementation_specialist.context_window').effect).toBe('not-used');
    await put('bulkhead.yml', 'specialists: {security: {context: {tokens: 8001}}}\n');
    await expect(read()).rejects.toMatchObject({code: 'CONFIG_KEY_NOT_ALLOWED'});
  });
});

describe('the file', () => {
  test('both layouts are read, and each key names its file', async () => {
    await put('.agent-os/config.yml', 'execution_mode: multi\n');
    await put('agent-os/config.yml', 'version: 2.1.0\nprofile: default\nuse_claude_code_subagents: true\n');
    const {config, files} = await read();
    expect(config.agentOs.map((key) => key.file)).toEqual(['.agent-os/config.yml', ...Array.from({length: 3}, () => 'agent-os/config.yml')]);
    expect(files.map((file) => file.state)).toEqual(['absent', 'absent', 'read', 'read']);
  });

  test('a link is not followed, and that is said', async () => {
    await put('elsewhere/config.yml', 'execution_mode: single\n');
    await symlink(join(root, 'elsewhere'), join(root, '.agent-os'));
    await mkdir(join(root, 'agent-os'));
    await symlink(join(root, 'elsewhere/config.yml'), join(root, 'agent-os/config.yml'));
    const {config, files} = await read();
    expect(config.agentOs).toEqual([]);
    expect(files.filter((file) => file.origin === 'agent-os').map((file) => file.state)).toEqual(['not-read', 'not-read']);
  });

  test.each([['broken YAML', 'execution_mode: [single\n'], ['a map that holds itself', 'a: &a {b: *a}\n'], ['a list', '- a\n'], ['a text', 'a\n']])('%s is CONFIG_INVALID: what it limits must not be guessed', async (_name, text) => {
    await put('.agent-os/config.yml', text);
    await expect(read()).rejects.toMatchObject({code: 'CONFIG_INVALID'});
  });

  test('an empty file says nothing', async () => {
    expect((await judged('# nothing\n')).config.agentOs).toEqual([]);
  });
});

test('whatever a file holds, every value gets one answer and nothing is widened', () => {
  const names = fc.constantFrom('execution', 'enabled', 'orchestration', 'mode', 'execution_roles', 'qa', 'context_window', 'unified_execution', 'max_concurrent_subagents', '__proto__', 'constructor', 'x');
  const value = fc.letrec((tie) => ({tree: fc.oneof({maxDepth: 3}, fc.jsonValue({maxDepth: 1}), fc.dictionary(names, tie('tree'), {noNullPrototype: false}))})).tree;
  fc.assert(
    fc.property(fc.dictionary(names, value), (map) => {
      for (const key of judgeAgentOsConfig({file: 'f', value: map, lineOf: () => 1})) {
        expect(['used', 'not-used', 'refused']).toContain(key.effect);
        expect(key.sets.length === 0 || key.effect === 'used').toBe(true);
        for (const {setting, value: set} of key.sets) if (setting === 'maxParallel') expect(set).toBeLessThanOrEqual(configDefaults.maxParallel);
      }
    }),
    {numRuns: 60},
  );
});
