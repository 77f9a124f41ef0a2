import {configDefaults} from '../config-schema.js';
import {alwaysOn, atMost, oneAfterTheOther, oneOf, parallel, unused, type Judgement, type Rule} from './rule.js';

const {context, repairRounds} = configDefaults;

const noCoordination = 'specialists do not wait for each other before the merge in this version, so there is nothing to time';
const journalled = 'the journal of every run has it';
const alwaysJournalled = 'the journal is what a run is resumed and judged by: it cannot be switched off';
const compression: Judgement = {effect: 'used', why: 'how tightly context packages are packed'};

/** What the orchestrated execution guide puts into `config.yml` ("Configuration", "Advanced Configuration"), by dotted path. */
export const guideKeys: Readonly<Record<string, Rule>> = {
  'orchestration.enabled': parallel(true),
  'orchestration.mode': oneOf({orchestrated: {effect: 'used', why: 'specialists may work side by side'}, sequential: oneAfterTheOther}),
  'performance_tuning.context_optimization.cache_size': atMost('context.cacheSize', {most: context.cacheSize, least: 0, unit: 'packages'}),
  'performance_tuning.context_optimization.compression_level': oneOf(
    Object.fromEntries(['adaptive', 'high', 'medium', 'low'].map((level) => [level, {...compression, sets: [{setting: 'context.compressionLevel', value: level}]}])),
  ),
  'performance_tuning.context_optimization.refresh_interval': atMost('context.refreshIntervalMs', {most: context.refreshIntervalMs, least: 0, unit: 'seconds', scale: 1000}),
  'performance_tuning.agent_coordination.timeout_values.communication': unused(noCoordination),
  'performance_tuning.agent_coordination.timeout_values.synchronization': unused(noCoordination),
  'performance_tuning.agent_coordination.timeout_values.handoff': unused(noCoordination),
  'performance_tuning.error_handling.retry_limits.context_errors': unused('a context package is made to fit its budget before a specialist starts'),
  'performance_tuning.error_handling.retry_limits.coordination_errors': unused(noCoordination),
  'performance_tuning.error_handling.retry_limits.implementation_errors': atMost('repairRounds', {most: repairRounds, least: 0, unit: 'rounds'}),
  'performance_tuning.error_handling.escalation_timeout': unused('a run that cannot go on ends blocked at once and says why; nobody is waited for'),
  'monitoring_configuration.metrics_collection.performance_metrics': alwaysOn({on: journalled, off: alwaysJournalled}),
  'monitoring_configuration.metrics_collection.quality_metrics': alwaysOn({on: journalled, off: alwaysJournalled}),
  'monitoring_configuration.metrics_collection.efficiency_metrics': alwaysOn({on: journalled, off: alwaysJournalled}),
  'monitoring_configuration.metrics_collection.error_metrics': alwaysOn({on: journalled, off: alwaysJournalled}),
  'monitoring_configuration.reporting.real_time_dashboard': unused('progress is told on the terminal and by `bulkhead status`; there is no dashboard in this version'),
  'monitoring_configuration.reporting.periodic_reports': alwaysOn({on: 'every run leaves a report', off: 'the report is what a verdict is read from: it cannot be switched off'}),
  'monitoring_configuration.reporting.trend_analysis': unused('there are no trends over runs in this version'),
  'monitoring_configuration.reporting.optimization_recommendations': unused('there are no recommendations in this version'),
};
