import {z} from 'zod';
import {AppError} from '../../core/errors.js';
import type {Secret} from '../../core/redact.js';

/** A registry that the user allows besides, or instead of, the public one. */
export const Registry = z.strictObject({
  url: z
    .url({protocol: /^https?$/})
    .refine((url) => url.endsWith('/') && new URL(url).href === url && new URL(url).username === '' && new URL(url).search === '', 'must end with `/`, and have neither a user nor a query')
    .describe('address of a registry that speaks npm, ending with `/`'),
  scope: z.string().regex(/^@[a-z0-9~-][a-z0-9._~-]{0,100}$/, 'must be a scope, such as @acme').optional().describe('the scope whose packages are asked for there; default: all others'),
  tokenFrom: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/).optional().describe('the variable of the environment that holds the token; the token itself stands in no file of Bulkhead'),
  images: z.array(z.string().min(1)).optional().describe('images that may see the token while they install; default: those of Bulkhead'),
});
export type Registry = z.infer<typeof Registry>;

/** npm replaces this one in a lock file by the registry that is configured (its option `replace-registry-host`). */
const publicRegistry = 'https://registry.npmjs.org/';
/** Bare names of images that are built here. */
const ownImages: readonly string[] = ['base', 'node', 'python'];

/** Where packages may come from, and what the box that fetches them is given. */
export interface Registries {
  /** Allowed prefixes of a package's address. */
  readonly addresses: readonly string[];
  /** The secrets in {@link given}. */
  readonly secrets: readonly Secret[];
  /** Files for a box of that image, in memory; throws CONFIG_INVALID when a token is not set, or not for that image. */
  given(image: string): Readonly<Record<string, string>>;
}

/** Paths below `givenPath`. */
export const givenFiles = {npm: 'npmrc', certificates: 'certificates.pem'} as const;

interface Sources {
  readonly registries: readonly Registry[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Certificate authorities that this host trusts besides the public ones, in PEM. */
  readonly certificates: string;
}

/** Puts together what the user's own configuration and environment say. A token is looked up by the name that is configured, and only then. */
export function makeRegistries({registries, env, certificates}: Sources): Registries {
  const tokens = registries.flatMap(({url, tokenFrom}) => (tokenFrom === undefined ? [] : [{url, name: tokenFrom, value: env[tokenFrom]?.trim() ?? ''}]));
  return {
    addresses: [...new Set([publicRegistry, ...registries.map(({url}) => url)])],
    secrets: tokens.filter(({value}) => value !== '').map(({name, value}) => ({name, value})),
    given(image) {
      const lines = registries.map(({url, scope}) => option(scope === undefined ? 'registry' : `${scope}:registry`, url));
      for (const {url, name, value} of tokens) lines.push(option(`//${url.replace(/^https?:\/\//, '')}:_authToken`, tokenFor(image, {name, value, registry: registries.find((one) => one.url === url)})));
      return {[givenFiles.npm]: `${[...lines, ...proxyLines(env)].join('\n')}\n`, ...(certificates === '' ? {} : {[givenFiles.certificates]: certificates})};
    },
  };
}

function tokenFor(image: string, {name, value, registry}: {readonly name: string; readonly value: string; readonly registry: Registry | undefined}): string {
  // A repository may name an image, and what runs in it is that image's own.
  if (!(registry?.images ?? ownImages).includes(image)) {
    throw new AppError('CONFIG_INVALID', `The image ${image} may not see the token of ${registry?.url ?? 'a registry'}.`, {hint: 'List it under `images` of that registry in your own configuration, if you trust what is in it.'});
  }
  if (/^[A-Za-z0-9._~+/=:-]{8,4096}$/.test(value)) return value;
  throw new AppError('CONFIG_INVALID', value === '' ? `The variable ${name}, which holds the token of a registry, is not set.` : `The variable ${name} does not hold a token: letters, digits and \`._~+/=:-\`, at least 8.`, {
    hint: 'Set it for this command, or remove `tokenFrom` in your own configuration.',
  });
}

/** The proxies of this host; one on its loopback is out of reach of a box. */
function proxyLines(env: Sources['env']): readonly string[] {
  const lines = ([['https-proxy', 'https_proxy'], ['proxy', 'http_proxy'], ['noproxy', 'no_proxy']] as const).flatMap(([name, variable]) => {
    const value = env[variable] ?? env[variable.toUpperCase()];
    return value === undefined || value === '' || (name !== 'noproxy' && isLoopback(value)) ? [] : [option(name, value)];
  });
  return lines;
}

function isLoopback(proxy: string): boolean {
  const text = proxy.includes('://') ? proxy : `http://${proxy}`;
  return !URL.canParse(text) || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/i.test(new URL(text).hostname);
}

/** One line of an npmrc. npm puts variables of the environment in the place of `${NAME}`: none of ours has that. */
function option(name: string, value: string): string {
  return `${name}=${JSON.stringify(value.replaceAll('$', '%24'))}`;
}
