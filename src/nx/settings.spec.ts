import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { resolveSettings, type SettingsRequest } from './settings.js';

let root: string;
const at = (...path: string[]) => join(root, ...path);
const env = () => ({ NX_CODESIGN_HOME: at('home') });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nx-codesign-settings-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

async function write(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), typeof value === 'string' ? value : JSON.stringify(value));
}

function settingsOf(request: Partial<SettingsRequest> = {}) {
  return resolveSettings({
    executor: 'sign',
    options: {},
    root,
    projectRoot: 'apps/daemon',
    env: env(),
    ...request,
  });
}

describe('resolveSettings', () => {
  it('takes each setting from the most important layer and remembers which', async () => {
    await write('apps/daemon/signing.config.json', { identity: 'adhoc', sign: { identifier: 'project' } });
    await write('signing.config.json', {
      identity: 'self-signed',
      timestamp: false,
      sign: { identifier: 'workspace' },
    });
    await write('home/config.json', { compat: 'macos-12', identity: 'self-signed', timestamp: true });
    const { values, origins } = await settingsOf({
      options: { identifier: 'target' },
      env: { ...env(), NX_CODESIGN_TIMESTAMP: 'true' },
    });
    expect(values).toEqual({ identifier: 'target', identity: 'adhoc', timestamp: false, compat: 'macos-12' });
    expect(origins).toEqual({
      identifier: 'the options of the target',
      identity: at('apps/daemon/signing.config.json'),
      timestamp: at('signing.config.json'),
      compat: at('home/config.json'),
    });
  });

  it('prefers the environment to the user, and knows its forms', async () => {
    await write('home/config.json', { timestamp: true });
    const timestamp = async (text: string) =>
      (await settingsOf({ env: { ...env(), NX_CODESIGN_TIMESTAMP: text } })).values.timestamp;
    expect(await timestamp('false')).toBe(false);
    expect(await timestamp('http://a/ts, https://b')).toEqual(['http://a/ts', 'https://b']);
    expect(await timestamp('')).toBe(true);
    await expect(timestamp('maybe')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('starts relative paths where they are written', async () => {
    await write('apps/daemon/signing.config.json', {
      identity: { p12: '../../keys/a.p12', passwordEnv: 'PASSWORD' },
      sign: { entitlements: 'daemon.entitlements', paths: { '*.xpc': { entitlements: 'xpc.plist' } } },
    });
    const { values } = await settingsOf({ options: { path: 'apps/daemon/dist/daemon', outputPath: '/out' } });
    expect(values).toEqual({
      path: at('apps/daemon/dist/daemon'),
      outputPath: '/out',
      identity: { p12: at('keys/a.p12'), passwordEnv: 'PASSWORD' },
      entitlements: at('apps/daemon/daemon.entitlements'),
      paths: { '*.xpc': { entitlements: at('apps/daemon/xpc.plist') } },
    });
  });

  it.each(['adhoc', '-', 'self-signed', 'env:CERTIFICATE', '~/keys/a.p12', '/keys/a.pem'])(
    'leaves the identity %s as it is',
    async (identity) => {
      expect((await settingsOf({ options: { identity } })).values.identity).toBe(identity);
    },
  );

  it.each(['keys/a.p12', 'keys/a.PFX', 'a.pem'])('takes the identity %s for a path', async (identity) => {
    expect((await settingsOf({ options: { identity } })).values.identity).toBe(at(identity));
  });

  it('gives the helper its own section and not that of the program', async () => {
    await write('apps/daemon/signing.config.json', {
      identity: 'adhoc',
      sign: { identifier: 'com.example.daemon' },
      helper: { name: 'Helper', sources: ['helper/helper.c'] },
    });
    const { values } = await settingsOf({ executor: 'build-helper' });
    expect(values).toEqual({
      identity: 'adhoc',
      name: 'Helper',
      sources: [at('apps/daemon/helper/helper.c')],
    });
  });

  it('reads no file for an executor that has no section', async () => {
    await write('signing.config.json', 'not json');
    expect((await settingsOf({ executor: undefined, options: { path: 'a' } })).values).toEqual({
      path: at('a'),
    });
  });

  it('names the file and the key that it does not know', async () => {
    await write('apps/daemon/signing.config.json', { sign: { identifer: 'x' } });
    await expect(settingsOf()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `${at('apps/daemon/signing.config.json')}: "sign.identifer" is not a setting`,
    });
  });

  it('says so when a file is not JSON', async () => {
    await write('signing.config.json', '{ // why\n}');
    await expect(settingsOf()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`${at('signing.config.json')} is not JSON`) as string,
    });
  });
});
