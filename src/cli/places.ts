import {homedir} from 'node:os';
import {join, isAbsolute} from 'node:path';

/** Folders by the XDG base directory rules: a relative value in a variable is ignored, as those rules say. */
export function stateHome(env: NodeJS.ProcessEnv): string {
  return absolute(env['XDG_STATE_HOME']) ?? join(homedir(), '.local', 'state');
}

/** The user's own configuration file; it need not exist. */
export function userConfigFile(env: NodeJS.ProcessEnv): string {
  return join(absolute(env['XDG_CONFIG_HOME']) ?? join(homedir(), '.config'), 'bulkhead', 'config.yml');
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
