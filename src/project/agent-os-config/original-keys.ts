import {unused, type Rule} from './rule.js';

const installer = "it is for Agent OS's own installer and commands";
const otherSwitch = '`execution_mode` and `orchestration.mode` say whether specialists work side by side';

/** The keys of the original project (1.4 to 3.0), by dotted path; `*` is any one name. */
export const originalKeys: Readonly<Record<string, Rule>> = {
  agent_os_version: unused(installer),
  'agents.*.enabled': unused(installer),
  'project_types.*.instructions': unused(installer),
  'project_types.*.standards': unused(installer),
  default_project_type: unused(installer),
  version: unused(installer),
  base_install: unused(installer),
  last_compiled: unused(installer),
  profile: unused(installer),
  default_profile: unused(installer),
  'profiles.*.inherits_from': unused(installer),
  multi_agent_mode: unused(otherSwitch),
  multi_agent_tool: unused(installer),
  single_agent_mode: unused(otherSwitch),
  single_agent_tool: unused(installer),
  claude_code_commands: unused(installer),
  use_claude_code_subagents: unused(installer),
  agent_os_commands: unused(installer),
  standards_as_claude_code_skills: unused(installer),
};
