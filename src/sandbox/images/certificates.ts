import {X509Certificate} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {rootCertificates} from 'node:tls';
import {sha256} from '../../core/canonical.js';

/** A certificate authority that this host trusts besides the public ones. */
export interface ExtraCertificate {
  /** Lower-case hex sha-256 of its DER form. */
  readonly fingerprint: string;
  readonly pem: string;
}

/** Where certificates are looked for; the defaults are Debian's `ca-certificates`. */
export interface CertificatePlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the administrator added: every `*.crt` in it is extra, unless it is public. */
  readonly localFolder?: string | undefined;
  /** The distribution's own: never extra. */
  readonly publicFolder?: string | undefined;
}

/**
 * The extra certificate authorities of this host, as a TLS-intercepting proxy needs them: from the local folder and the
 * files named by NODE_EXTRA_CA_CERTS and SSL_CERT_FILE, less those that Node.js or the distribution ships. Sorted by
 * fingerprint, each once. What is not a certificate is left out, as `update-ca-certificates` does; missing files are none.
 */
export function readExtraCertificates({
  env,
  localFolder = '/usr/local/share/ca-certificates',
  publicFolder = '/usr/share/ca-certificates',
}: CertificatePlaces): readonly ExtraCertificate[] {
  const named = [env['NODE_EXTRA_CA_CERTS'], env['SSL_CERT_FILE']].filter((file) => file !== undefined && file !== '');
  const candidates = [...certificateFiles(localFolder), ...new Set(named)].flatMap((file) => (file === undefined ? [] : splitPem(readText(file))));
  if (candidates.length === 0) return [];
  const known = new Set([...rootCertificates, ...certificateFiles(publicFolder).map(readText)].flatMap(splitPem).map(({fingerprint}) => fingerprint));
  const extra = new Map(candidates.filter(({fingerprint}) => !known.has(fingerprint)).map((item) => [item.fingerprint, item]));
  return [...extra.values()].filter(isCertificate).sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}

function certificateFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder, {recursive: true, encoding: 'utf8'})
      .filter((name) => name.endsWith('.crt'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** PEM blocks (RFC 7468) in one canonical form, so that the same certificate is the same text whatever its line breaks. */
function splitPem(text: string): readonly ExtraCertificate[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)].map(([, body = '']) => {
    const der = Buffer.from(body, 'base64');
    const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
    return {fingerprint: sha256(der), pem: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')};
  });
}

function isCertificate({pem}: ExtraCertificate): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
