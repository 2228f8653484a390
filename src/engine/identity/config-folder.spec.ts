import { join, resolve } from 'node:path';
import { configFolder } from './config-folder.js';

describe('configFolder', () => {
  it.each([
    ['darwin', {}, join('/home/me', 'Library', 'Application Support', 'nx-codesign')],
    ['win32', { APPDATA: '/roaming' }, join('/roaming', 'nx-codesign')],
    ['win32', {}, join('/home/me', 'AppData', 'Roaming', 'nx-codesign')],
    ['linux', { XDG_CONFIG_HOME: '/xdg' }, join('/xdg', 'nx-codesign')],
    ['linux', { XDG_CONFIG_HOME: '' }, join('/home/me', '.config', 'nx-codesign')],
    ['linux', { NX_CODESIGN_HOME: '/elsewhere' }, resolve('/elsewhere')],
    ['darwin', { NX_CODESIGN_HOME: '' }, join('/home/me', 'Library', 'Application Support', 'nx-codesign')],
  ] as const)('on %s with %j is %s', (platform, env, folder) => {
    expect(configFolder(env, '/home/me', platform)).toBe(folder);
  });
});
