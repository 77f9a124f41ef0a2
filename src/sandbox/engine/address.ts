/** Where an engine listens, or why the address cannot be used. */
export type EngineAddress =
  | {readonly kind: 'unix'; readonly path: string}
  | {readonly kind: 'tcp'; readonly host: string; readonly port: number}
  | {readonly kind: 'refused'; readonly problem: string};

/** Port of an engine's plain HTTP listener (IANA: docker, 2375). */
const plainPort = 2375;

/**
 * Reads an address in the form of DOCKER_HOST. Served are `unix:///absolute/path` and `tcp://host[:port]`
 * (plain HTTP); everything else is refused by its name, never guessed.
 */
export function parseEngineAddress(text: string): EngineAddress {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'unix') return parseUnix(text.slice('unix://'.length));
  if (scheme === 'tcp') return parseTcp(text);
  if (scheme === undefined) return {kind: 'refused', problem: 'it is no address: unix:///path or tcp://host:port is expected'};
  return {kind: 'refused', problem: `${scheme}:// is not supported: unix:// and tcp:// are`};
}

function parseUnix(path: string): EngineAddress {
  if (!path.startsWith('/')) return {kind: 'refused', problem: 'the path of a unix:// address must be absolute'};
  if (path.includes('\0')) return {kind: 'refused', problem: 'the path has a NUL character'};
  return {kind: 'unix', path};
}

function parseTcp(text: string): EngineAddress {
  if (!URL.canParse(text)) return {kind: 'refused', problem: 'it cannot be read as tcp://host:port'};
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return {kind: 'refused', problem: 'a user name or password is not supported'};
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
    return {kind: 'refused', problem: 'a path after host and port is not supported'};
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '') return {kind: 'refused', problem: 'it names no host'};
  return {kind: 'tcp', host, port: url.port === '' ? plainPort : Number(url.port)};
}
