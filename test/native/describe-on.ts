import { spawnSync } from 'node:child_process';
import { describeWhen } from '../oracles/oracle.js';

/**
 * `describe` for what only a Mac can prove. Elsewhere it is skipped visibly, and REQUIRE_ORACLES=1 changes nothing about
 * that: nobody can install macOS. On a Mac it asks for the command line tools like for any other oracle.
 */
export function describeOnMac(title: string, body: () => void): void {
  if (process.platform !== 'darwin') describe.skip(`${title} [skipped: this is not macOS]`, body);
  else describeWhen(hasCommandLineTools(), 'run xcode-select --install', title, body);
}

/** The same for Windows. */
export function describeOnWindows(title: string, body: () => void): void {
  if (process.platform === 'win32') describe(title, body);
  else describe.skip(`${title} [skipped: this is not Windows]`, body);
}

function hasCommandLineTools(): boolean {
  return spawnSync('xcode-select', ['-p'], { stdio: 'ignore' }).status === 0;
}
