import { release } from 'node:os';
import { COMPAT, type Compat, type CompatName } from '../../src/engine/apple/compat.js';

/** The first Darwin of each release of codesign that signs differently: macOS 11, 12 and 26. */
const FIRST_DARWIN: readonly (readonly [number, CompatName])[] = [
  [25, 'macos-26'],
  [21, 'macos-12'],
  [20, 'macos-11'],
];

/**
 * What our signer has to be told to be equal to the codesign of a Mac.
 * @param darwin as of `uname -r`; @param cpu as of `process.arch`, of the system and not of Rosetta
 */
export function compatOf(darwin: string, cpu: string): Compat {
  const major = Number.parseInt(darwin, 10);
  const [, name] = FIRST_DARWIN.find(([first]) => major >= first) ?? [];
  if (name === undefined) throw new Error(`there is no profile for Darwin ${darwin}`);
  return { ...COMPAT[name], hostArch: cpu === 'arm64' ? 'arm64' : 'x86_64' };
}

export function thisMac(): Compat {
  return compatOf(release(), process.arch);
}
