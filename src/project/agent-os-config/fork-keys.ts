import {configDefaults} from '../config-schema.js';
import {alwaysOn, atMost, boolean, isWhole, oneAfterTheOther, oneOf, parallel, unused, type Rule} from './rule.js';

const {maxParallel, repairRounds} = configDefaults;

const softer = "a repository's file cannot make the verification softer";
const boxes = 'every specialist works in a box of its own, with its own copy of the work';
const bySight = 'task files are recognised by what is in them';
const resumable = 'every step is journalled, and `bulkhead resume` goes on after it';
const cannotForget = 'a run that leaves no journal could not be resumed: it cannot be switched off';
const ownModel = 'which model works is decided by the person who pays for it';
const noCheck = 'no check serves it in this version; a manifest that asks for it is refused';
const suiteTime = 'the whole suite has one time limit, `tests.timeoutMs` of the manifest';
const written = 'what is written back is decided by the form of the task file';

/** Names of roles in the forks, and the specialist that each one is. */
const specialists: Readonly<Record<string, string>> = {
  test_architect: 'test',
  test_specialist: 'test',
  implementation: 'implementation',
  implementation_specialist: 'implementation',
  integration: 'integration',
  integration_specialist: 'integration',
  integration_coordinator: 'integration',
  quality: 'quality',
  quality_assurance: 'quality',
  quality_specialist: 'quality',
  qa: 'quality',
  security: 'security',
  security_specialist: 'security',
  security_auditor: 'security',
  documentation: 'documentation',
  documentation_specialist: 'documentation',
  documentation_generator: 'documentation',
  docs: 'documentation',
};

/** Least tokens of a window: below that not even a task and its file fit. */
const leastWindow = 1000;

/** A role's window is the most that its context package may fill; a larger one changes nothing. */
export function windowRule(role: string): Rule {
  const name = role.toLowerCase();
  const specialist = Object.hasOwn(specialists, name) ? specialists[name] : undefined;
  if (specialist === undefined) return unused('no specialist of this name gets a context package of its own size');
  const usual = configDefaults.contextTokens[specialist as keyof typeof configDefaults.contextTokens];
  return (value) => {
    if (!isWhole(value) || value < leastWindow) return {effect: 'refused', why: `must be a whole number of tokens, at least ${leastWindow}`};
    if (value >= usual) return {effect: 'used', why: `the context package of \`${specialist}\` has at most ${usual} tokens and fits`};
    return {effect: 'used', why: `the context package of \`${specialist}\` has at most ${value} tokens`, sets: [{setting: `contextTokens.${specialist}`, value}]};
  };
}

const levels = {effect: 'used', why: 'a new test must fail without the new work and pass with it, whatever the level'} as const;

const noRepair = {effect: 'used', why: 'findings are reported and not sent back', sets: [{setting: 'repairRounds', value: 0}]} as const;

/** The keys of the orchestrated forks (2.x to 5.x), by dotted path; `*` is any one name. Of windows see {@link windowRule}. */
export const forkKeys: Readonly<Record<string, Rule>> = {
  execution_mode: oneOf({multi: {effect: 'used', why: 'specialists may work side by side'}, single: oneAfterTheOther}),
  'execution.orchestrated_mode': parallel(true),
  'execution.parallel_execution': parallel(true),
  'execution.context_optimization': unused('context packages are always made to fit'),
  'execution.error_handling.enabled': boolean((value) => (value ? {effect: 'used', why: 'findings go back to their owners'} : noRepair)),
  'execution.error_handling.automatic_recovery': boolean((value) => (value ? {effect: 'used', why: 'findings go back to their owners'} : noRepair)),
  'execution.error_handling.escalation_threshold': atMost('repairRounds', {most: repairRounds, least: 0, unit: 'rounds'}),
  'execution.error_handling.recovery_timeout': unused('rounds of repair are counted, not timed'),
  'execution_roles.*.enabled': unused('who works is decided by the owners in the manifest'),
  'execution_roles.*.specialization': unused('what a specialist is told is part of Bulkhead'),
  'execution_roles.*.model': oneOf({inherit: {effect: 'used', why: ownModel}}),
  'deliverable_verification.enabled': alwaysOn({on: 'a run always verifies', off: softer}),
  'deliverable_verification.strict_mode': alwaysOn({on: 'one finding blocks', off: softer}),
  'deliverable_verification.verify_files': alwaysOn({on: 'every file of the manifest is checked', off: softer}),
  'deliverable_verification.verify_tests': alwaysOn({on: 'the tests run in a clean container', off: softer}),
  'deliverable_verification.verify_acceptance_criteria': boolean((value) => (value ? {effect: 'not-used', why: noCheck} : {effect: 'refused', why: softer})),
  'deliverable_verification.verify_integration': boolean((value) => (value ? {effect: 'not-used', why: noCheck} : {effect: 'refused', why: softer})),
  'compound_engineering.enabled': unused(boxes),
  'compound_engineering.multi_agent_system.enabled': parallel(true),
  'compound_engineering.multi_agent_system.max_concurrent_agents': atMost('maxParallel', {most: maxParallel, least: 1, unit: 'boxes'}),
  'compound_engineering.multi_agent_system.timeout_seconds': unused('a specialist is bounded by its model turns, `maxTurns`, not by a clock'),
  'compound_engineering.worktrees.enabled': unused(boxes),
  'compound_engineering.worktrees.base_directory': unused(boxes),
  'compound_engineering.worktrees.auto_cleanup': unused(boxes),
  'worktrees.enabled': unused(boxes),
  'worktrees.base_directory': unused(boxes),
  'worktrees.auto_cleanup': unused(boxes),
  'task_file_structure.enabled': unused(bySight),
  'task_file_structure.format': unused(bySight),
  'task_file_structure.master_file': unused(bySight),
  'task_file_structure.detail_directory': unused(bySight),
  'tdd_enforcement.enabled': alwaysOn({on: levels.why, off: softer}),
  'tdd_enforcement.enforcement_level': oneOf({strict: levels, standard: levels, relaxed: {effect: 'refused', why: softer}}),
  'tdd_enforcement.coverage_targets.minimum': unused(noCheck),
  'tdd_enforcement.coverage_targets.target': unused(noCheck),
  'tdd_enforcement.coverage_targets.threshold': unused(noCheck),
  'unified_execution.enabled': parallel(true),
  'unified_execution.context_limit': unused('a context package has a size of its own for each specialist'),
  'unified_execution.checkpoint_interval': unused(resumable),
  'unified_execution.parallel_waves': parallel(true),
  'unified_execution.max_concurrent_subagents': atMost('maxParallel', {most: maxParallel, least: 1, unit: 'boxes'}),
  'unified_execution.prompt_on_blocked': unused('a run asks nobody: it ends blocked, and the findings say why'),
  'unified_execution.sync_documents.*': unused(written),
  'unified_execution.checkpointing.enabled': alwaysOn({on: resumable, off: cannotForget}),
  'unified_execution.checkpointing.*': unused(resumable),
  'test_infrastructure.timeout_enforcement.*': unused(suiteTime),
  'test_failure_handling.fix_subagent.enabled': boolean((value) => (value ? {effect: 'used', why: 'findings go back to their owners'} : noRepair)),
  'test_failure_handling.fix_subagent.max_iterations': atMost('repairRounds', {most: repairRounds, least: 0, unit: 'rounds'}),
  'test_failure_handling.fix_subagent.verify_after_fix': alwaysOn({on: 'after each round everything is verified again', off: softer}),
  'test_failure_handling.fix_subagent.revert_on_regression': alwaysOn({on: 'a regression blocks, and nothing of it is delivered', off: softer}),
  'team.model_tiers.*': () => ({effect: 'refused', why: ownModel}),
  'team.qc.no_self_review': alwaysOn({on: 'nobody judges its own work: a clean container does', off: softer}),
  'team.task_sizing.*': unused('tasks are taken as they are written'),
  'beads.*': unused('other trackers are not written to'),
  'beads.status_mapping.*': unused('other trackers are not written to'),
};
