import { toHex } from '../../bytes/hex.js';
import type { MachOFile } from '../macho/read-file.js';
import { cdhashOf, decodeCodeDirectory } from './code-directory.js';
import { adHocRequirement } from './designated-requirement.js';
import { CODE_FLAG, flagNames } from './magic.js';
import { nativeFirst } from './native-slice.js';
import { decodeRequirementSet } from './requirement-blob.js';
import { printRequirement } from './requirement-text.js';
import { REQUIREMENT_TYPE, type Requirement } from './requirement.js';
import type { SignedMachO } from './sign-macho.js';
import type { SignedDirectory } from './sign-slice.js';
import type { Compat } from '../compat.js';

/** What was signed, as a receipt tells it and as a bundle around it seals it. */
export interface SignedCode {
  /** As the user knows it: relative to what was to be signed; empty for that itself. */
  readonly path: string;
  readonly identifier: string;
  readonly teamId: string | undefined;
  /** In the text of `codesign -d -r-`, without `designated =>`. */
  readonly designatedRequirement: string;
  /** 20 bytes: of the native architecture, by the best digest. */
  readonly cdhash: Uint8Array;
  readonly slices: readonly SignedCodeSlice[];
}

export interface SignedCodeSlice {
  readonly arch: string;
  readonly flags: readonly string[];
  readonly cdhashes: readonly { readonly hashType: string; readonly cdhash: string }[];
}

export function describeSignedMachO(
  path: string,
  file: MachOFile,
  signed: SignedMachO,
  requirements: Uint8Array,
  compat: Compat,
): SignedCode {
  const slices = file.machos.map((macho, i) => ({ ...signed.slices[i]!, ...cpuOf(macho), arch: macho.arch }));
  const ordered = nativeFirst(slices, compat.hostArch);
  const best = ordered[0]!.directories.at(-1)!;
  const { teamId } = decodeCodeDirectory(best.blob);
  return {
    path,
    identifier: signed.identifier,
    teamId,
    designatedRequirement: printRequirement(
      explicitRequirement(requirements) ?? implicitRequirement(ordered.map(({ directories }) => directories)),
    ),
    cdhash: cdhashOf(best.hashType, best.blob),
    slices: slices.map(({ arch, flags, directories }) => ({
      arch,
      flags: flagNames(flags & ~CODE_FLAG['linker-signed']),
      cdhashes: directories.map(({ hashType, blob }) => ({
        hashType: hashType.name,
        cdhash: toHex(cdhashOf(hashType, blob)),
      })),
    })),
  };
}

function cpuOf({ cpuType, cpuSubtype }: { cpuType: number; cpuSubtype: number }) {
  return { cpuType, cpuSubtype };
}

export function explicitRequirement(requirements: Uint8Array): Requirement | undefined {
  return decodeRequirementSet(requirements).find(({ type }) => type === REQUIREMENT_TYPE.designated)
    ?.requirement;
}

/** Any of the cdhashes, those of the native architecture first (StaticCode.cpp, defaultDesignatedRequirement). */
export function implicitRequirement(slices: readonly (readonly SignedDirectory[])[]): Requirement {
  const [first, ...others] = slices.flat().map(({ hashType, blob }) => cdhashOf(hashType, blob));
  return adHocRequirement([first!, ...others]);
}
