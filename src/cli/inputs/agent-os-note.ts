import type {Config} from '../../project/config.js';

/** What a person should know of an Agent OS configuration before a run, in one line; undefined when it changes nothing. */
export function agentOsNote({agentOs}: Pick<Config, 'agentOs'>): string | undefined {
  const refused = agentOs.filter((key) => key.effect === 'refused');
  const narrowing = [...new Set(agentOs.flatMap((key) => key.sets.map((one) => one.setting)))];
  if (refused.length === 0 && narrowing.length === 0) return undefined;
  const files = [...new Set(agentOs.map((key) => key.file))].join(', ');
  const said = [
    ...(narrowing.length === 0 ? [] : [`it sets ${narrowing.join(', ')}`]),
    ...(refused.length === 0 ? [] : [`${refused.length} ${refused.length === 1 ? 'value is' : 'values are'} refused`]),
  ];
  return `${files}: ${said.join('; ')}. \`bulkhead config\` says why.`;
}
