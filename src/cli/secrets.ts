import {existsSync} from 'node:fs';
import {AppError} from '../core/errors.js';
import {makeRedactor, type Redactor, type Secret} from '../core/redact.js';

/** Parts of a variable's name that say what it holds. */
const words = new Set(
  'KEY KEYS APIKEY TOKEN TOKENS SECRET SECRETS PASSWORD PASSWORDS PASSWD PASS PASSPHRASE CREDENTIAL CREDENTIALS CREDS AUTH AUTHORIZATION PAT DSN PRIVATE COOKIE JWT CANARY'.split(' '),
);
/** The same where they are written together with what stands before them: PGPASSWORD, GITHUBTOKEN. */
const endings = /(?:PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|APIKEY)$/;
/** An abbreviation of password, but by itself the working directory. */
const passwordPart = /[^A-Z0-9]PWD$/;
/** Sockets and processes of agents that hold keys. */
const known = new Set(['SSH_AUTH_SOCK', 'SSH_AGENT_PID', 'GPG_AGENT_INFO']);

/** As {@link makeRedactor} takes them; a value below that is no secret. */
const minCharacters = 8;
/** A plain word of fewer letters than this is a mode or a name. */
const minWordCharacters = 16;

/** The secrets in an environment: by the names of variables, and the password of any URL. Looks on the disk whether a value is a file. */
export function secretsOf(env: NodeJS.ProcessEnv): readonly Secret[] {
  return Object.entries(env).flatMap(([name, value = '']) => secretsIn(name, value.trim()).filter((secret) => !isWeak(secret.value)));
}

function secretsIn(name: string, value: string): readonly Secret[] {
  const inUrl = urlSecrets(value, isSecretName(name)).map((secret) => ({name, value: secret}));
  if (inUrl.length > 0) return inUrl;
  if (!isSecretName(name) || /^[a-z][a-z0-9+.-]*:\/\/[^?#]*$/i.test(value)) return [];
  const members = jsonMembers(value);
  if (members !== undefined) return members.flatMap(([key, member]) => secretsIn(key, member).map((secret) => ({name: `${name}.${key}`, value: secret.value})));
  const credentials = /^(?:bearer|basic|token) +(\S+)$/i.exec(value)?.[1];
  return [{name, value: credentials ?? value}];
}

function isSecretName(name: string): boolean {
  const upper = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
  if (known.has(upper)) return false;
  return passwordPart.test(upper) || upper.split(/[^A-Z0-9]+/).some((part) => words.has(part) || endings.test(part));
}

/** The password of a URL, as it is written and as it is meant; in a variable for secrets also the user, which is then the key. */
function urlSecrets(value: string, named: boolean): readonly string[] {
  if (!value.includes('://') || !URL.canParse(value)) return [];
  const {username, password} = new URL(value);
  const secret = password === '' && named ? username : password;
  if (secret === '') return [];
  const written = /:\/\/(?:[^/?#@:]*:)?([^/?#]*)@/.exec(value)?.[1];
  return [...new Set([...(written === undefined ? [] : [written]), secret, decoded(secret)])];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The texts of a JSON object, such as the key file of a cloud account. */
function jsonMembers(value: string): readonly (readonly [string, string])[] | undefined {
  if (!value.startsWith('{')) return undefined;
  try {
    return Object.entries(JSON.parse(value) as Record<string, unknown>).flatMap(([key, member]) => (typeof member === 'string' ? [[key, member] as const] : []));
  } catch {
    return undefined;
  }
}

function isWeak(value: string): boolean {
  if (value.length < minCharacters) return true;
  if (value.length < minWordCharacters && /^[a-z]+$/.test(value)) return true;
  return /^[+-]?\d+(?:\.\d+)?$/.test(value) || /^(?:true|false)$/i.test(value) || existsSync(value);
}

const hidden: Secret[] = [];
let current: Redactor | undefined;

/** From here on the value is a secret of this process, for example a key that was read from a file. Shorter than 8 characters: it is not. */
export function hideSecret(name: string, value: string): void {
  if (hidden.some((secret) => secret.value === value)) return;
  hidden.push({name, value});
  current = undefined;
}

/** The redactor for all that this process knows to be secret so far; what it was given before is not told later secrets. */
export function currentRedactor(): Redactor {
  return (current ??= makeRedactor([...secretsOf(process.env), ...hidden]));
}

/** Throws the code when what a user hands in holds a secret of this process: it would stand in journal, report and commits. */
export function refuseSecret(code: 'MANIFEST_INVALID' | 'USAGE', {what, text}: {readonly what: string; readonly text: string}): void {
  const name = currentRedactor().find(text);
  if (name === undefined) return;
  throw new AppError(code, `${what} holds the value of ${name}, which is a secret of this machine.`, {
    hint: `Take it out: what a run is given is kept, and told to models. If it is none, unset ${name} for this command.`,
    details: {secret: name},
  });
}
