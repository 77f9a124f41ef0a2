import {describe, expect, it} from 'vitest';
import type {BoxRequest} from '../../../src/core/sandbox.js';
import {labelKeys, makeLabels, ownershipOf} from '../../../src/sandbox/labels.js';
import {boxSettings, helperSettings, imageProblem} from '../../../src/sandbox/profile.js';

const request: BoxRequest = {
  names: {snapshot: 'snap', box: 'box'},
  ownership: {runId: 'run', owner: 'host 1 2'},
  image: {reference: 'node', id: 'sha256:abc', diffIds: []},
  limits: {memoryMiB: 400, cpus: 1.5, pids: 99},
  env: {MINE: 'a=b'},
  profile: 'agent',
};
const parts = {facts: {volumes: [], hasPath: true}, workVolume: 'box-work', toolsVolume: 'snap', argv: ['/bin/sh', '-c', 'x']};

describe('the settings of a box', () => {
  it.each(['agent', 'verify'] as const)('for %s give no network, no capability, no root, no path of the host', (profile) => {
    const settings = boxSettings({...request, profile}, parts);
    expect(settings).toMatchObject({
      Image: 'sha256:abc',
      // Another uid for the code under test, the group of both.
      User: profile === 'agent' ? '10001:10001' : '10002:10001',
      Entrypoint: ['/bin/sh'],
      Cmd: ['-c', 'x'],
      WorkingDir: '/',
      Healthcheck: {Test: ['NONE']},
      HostConfig: {
        NetworkMode: 'none',
        CapDrop: ['ALL'],
        CapAdd: [],
        SecurityOpt: ['no-new-privileges:true'],
        Privileged: false,
        ReadonlyRootfs: true,
        Binds: [],
        VolumesFrom: [],
        Devices: [],
        IpcMode: 'private',
        Memory: 400 * 1024 * 1024,
        MemorySwap: 400 * 1024 * 1024,
        NanoCpus: 1_500_000_000,
        PidsLimit: 99,
        Init: true,
        AutoRemove: false,
        LogConfig: {Type: 'none'},
      },
    });
    expect(settings.HostConfig).not.toHaveProperty('MaskedPaths');
    expect(settings.HostConfig.Mounts.map((mount) => [mount.Type, mount.Source, mount.Target, mount.ReadOnly])).toEqual([['volume', 'box-work', '/box', false], ['volume', 'snap', '/opt/bulkhead', true]]);
  });

  it('hold the environment of the request, ours, and nothing of the host', () => {
    expect(boxSettings(request, parts).Env).toEqual(['HOME=/home/agent', 'LANG=C.UTF-8', 'TZ=UTC', 'MINE=a=b']);
    expect(boxSettings(request, {...parts, facts: {volumes: [], hasPath: false}}).Env[0]).toMatch(/^PATH=\//);
  });

  it('put a small tmpfs in the place of every volume of the image, and never over ours', () => {
    const facts = {volumes: ['/data/', '/tmp', '/box/', '/opt/bulkhead'], hasPath: true};
    const {Tmpfs} = boxSettings(request, {...parts, facts}).HostConfig;
    expect(Object.keys(Tmpfs).sort()).toEqual(['/data', '/home/agent', '/run', '/tmp']);
    expect(Tmpfs['/tmp']).toContain('exec');
    for (const options of Object.values(Tmpfs)) expect(options).toMatch(/nosuid,nodev,.*size=\d+m/);
    expect(imageProblem(facts)).toBeUndefined();
    for (const inside of ['/box/workspace', '/box/workspace/deep/', '/opt/bulkhead/tools']) expect(imageProblem({volumes: [inside], hasPath: true})).toBeDefined();
  });

  it('own the places to write of its profile, and name a runtime only where one is asked for', () => {
    const verify = boxSettings({...request, profile: 'verify'}, {...parts, facts: {volumes: ['/data'], hasPath: true}, runtime: 'runsc'});
    for (const options of Object.values(verify.HostConfig.Tmpfs)) expect(options).toContain('uid=10002,gid=10001');
    for (const options of Object.values(boxSettings(request, parts).HostConfig.Tmpfs)) expect(options).toContain('uid=10001,gid=10001');
    expect(verify.HostConfig).toMatchObject({Runtime: 'runsc'});
    expect(boxSettings(request, parts).HostConfig).not.toHaveProperty('Runtime');
  });

  it('are new for every call, because a client may change them', () => {
    expect(boxSettings(request, parts)).toEqual(boxSettings(request, parts));
    expect(boxSettings(request, parts).HostConfig).not.toBe(boxSettings(request, parts).HostConfig);
  });
});

describe('the settings of a helper', () => {
  it('add the named capabilities to none', () => {
    const {HostConfig} = helperSettings({image: 'base', argv: ['true'], mounts: [], capabilities: ['CHOWN']});
    expect(HostConfig).toMatchObject({NetworkMode: 'none', CapDrop: ['ALL'], CapAdd: ['CHOWN'], ReadonlyRootfs: true, SecurityOpt: ['no-new-privileges:true']});
  });
});

describe('labels', () => {
  it('tell the owner again, and of a foreign object nothing', () => {
    const labels = makeLabels(request.ownership, 'box', {boot: '0937e466', uptimeS: 12.9, at: new Date('2026-01-01T00:00:00Z')});
    expect(ownershipOf(labels)).toEqual(request.ownership);
    expect([labels[labelKeys.expires], labels[labelKeys.born]]).toEqual(['2026-01-08T00:00:00.000Z', '0937e466 12']);
    expect(ownershipOf({'dev.bulkhead.runs': 'x'})).toBeUndefined();
    expect(ownershipOf(null)).toBeUndefined();
  });
});
