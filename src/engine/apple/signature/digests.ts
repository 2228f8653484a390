import type { Compat } from '../compat.js';
import { PLATFORM } from '../macho/layout.js';
import type { MachO } from '../macho/read.js';
import { HASH_TYPES, type HashType } from './hash-type.js';
import { nativeSlice } from './native-slice.js';

/** The first releases that know SHA-256 signatures, as nibbles xxxx.yy.zz; anything older needs SHA-1 beside it. */
const FIRST_WITH_SHA256: Readonly<Record<number, number>> = {
  [PLATFORM.macos]: 0x000a0b04,
  [PLATFORM.ios]: 0x000b0000,
  [PLATFORM.tvos]: 0x000b0000,
  [PLATFORM.watchos]: 0x000c0000,
};

const AGILE: readonly HashType[] = [HASH_TYPES.sha1, HASH_TYPES.sha256];
const MODERN: readonly HashType[] = [HASH_TYPES.sha256];

/** The CodeDirectories that all slices of a Mach-O file get (MachORep::prepareForSigning); the weakest comes first. */
export function digestsFor(slices: readonly MachO[], compat: Compat): readonly HashType[] {
  switch (compat.digests) {
    case 'macos-26':
      return slices.some(isOld) ? AGILE : MODERN;
    case 'macos-12':
      return slices.some(isOldOrUnknown) ? AGILE : MODERN;
    case 'macos-11':
      return isOldOrUnknown(nativeSlice(slices, compat.hostArch)) ? AGILE : MODERN;
    default:
      return chosen(compat.digests);
  }
}

/** For code that is no Mach-O, a script as main executable. */
export function digestsForScript(compat: Compat): readonly HashType[] {
  switch (compat.digests) {
    case 'macos-26':
      return MODERN;
    case 'macos-12':
    case 'macos-11':
      return AGILE;
    default:
      return chosen(compat.digests);
  }
}

function chosen(names: readonly ('sha1' | 'sha256')[]): readonly HashType[] {
  return AGILE.filter((type) => names.includes(type.name as 'sha1' | 'sha256'));
}

function isOld({ version }: MachO): boolean {
  const first = version && FIRST_WITH_SHA256[version.platform];
  return first !== undefined && version!.minimum < first;
}

function isOldOrUnknown(macho: MachO): boolean {
  return macho.version === undefined || macho.version.platform === PLATFORM.watchos || isOld(macho);
}
