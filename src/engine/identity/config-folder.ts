import { join, resolve } from 'node:path';
import { variable, type Environment } from './environment.js';

/** The folder of what belongs to this user on this machine; NX_CODESIGN_HOME moves it. `home` is the user's home folder. */
export function configFolder(
  env: Environment,
  home: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const named = variable(env, 'NX_CODESIGN_HOME');
  if (named !== undefined) return resolve(named);
  return join(parentFolder(env, home, platform), 'nx-codesign');
}

function parentFolder(env: Environment, home: string, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return variable(env, 'APPDATA') ?? join(home, 'AppData', 'Roaming');
  return variable(env, 'XDG_CONFIG_HOME') ?? join(home, '.config');
}
