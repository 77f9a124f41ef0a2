/** Endings after which a file of settings is a pattern without values. */
const samples = /\.(?:example|sample|template|tmpl|dist|defaults?|schema)$/;
/** Whole names, in lower case, of files in which programs keep keys and passwords. */
const names: ReadonlySet<string> = new Set(
  '.envrc .npmrc .pypirc .netrc _netrc .pgpass .my.cnf .htpasswd .git-credentials .dockercfg .boto .s3cfg .vault-token .terraformrc credentials kubeconfig'.split(' '),
);
const patterns: readonly RegExp[] = [
  // dotenv, in all its spellings
  /^\.env(?:[.\-_].{1,100})?$/,
  /\.env$/,
  // keys, key stores, and state that holds them
  /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/,
  /\.(?:pem|key|p8|p12|pfx|jks|keystore|ppk|kdbx|ovpn|agekey|tfstate|tfvars)$/,
  /\.tfstate\.backup$/,
  // settings that are named for what they hold
  /^(?:.{0,100}[._-])?(?:secrets?|credentials?)\.(?:json|ya?ml|toml|ini|env|properties|xml|txt)$/,
  /^(?:client[_-]?secret|service[_-]?account).{0,100}\.json$/,
];
const folders = /(?:^|\/)(?:\.ssh|\.gnupg|\.aws|\.kube|\.docker|\.azure|\.secrets?)\//;

/**
 * Whether a file is one in which projects keep keys and passwords, by its path alone. Such a file is told to no specialist,
 * not even by its name; who needs it opens it in its box. Values elsewhere are the redactor's part.
 */
export function holdsSecrets(path: string): boolean {
  const lower = path.toLowerCase();
  const name = lower.slice(lower.lastIndexOf('/') + 1);
  if (folders.test(lower)) return true;
  return !samples.test(name) && (names.has(name) || patterns.some((pattern) => pattern.test(name)));
}
