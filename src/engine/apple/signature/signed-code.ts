import { toHex } from '../../bytes/hex.js';
import { cdhashOf, decodeCodeDirectory } from './code-directory.js';
import { adHocRequirement } from './designated-requirement.js';
import { flagNames } from './magic.js';
import { nativeFirst } from './native-slice.js';
import { decodeRequirementSet } from './requirement-blob.js';
import { printRequirement } from './requirement-text.js';
import { REQUIREMENT_TYPE, type Requirement } from './requirement.js';
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

/** The parts of a signed file: its architectures, or the one part of a script. */
export interface SignedParts {
  readonly path: string;
  readonly identifier: string;
  /** Whole blob. */
  readonly requirements: Uint8Array;
  readonly slices: readonly {
    readonly arch: string;
    readonly cpuType: number;
    readonly cpuSubtype: number;
    readonly flags: number;
    readonly directories: readonly SignedDirectory[];
  }[];
}

export function describeSignedCode(
  { path, identifier, requirements, slices }: SignedParts,
  compat: Compat,
): SignedCode {
  const ordered = nativeFirst(slices, compat.hostArch);
  const best = ordered[0]!.directories.at(-1)!;
  const requirement =
    explicitRequirement(requirements) ?? implicitRequirement(ordered.map(({ directories }) => directories));
  return {
    path,
    identifier,
    teamId: decodeCodeDirectory(best.blob).teamId,
    designatedRequirement: printRequirement(requirement),
    cdhash: cdhashOf(best.hashType, best.blob),
    slices: slices.map(({ arch, flags, directories }) => ({
      arch,
      flags: flagNames(flags),
      cdhashes: directories.map(({ hashType, blob }) => ({
        hashType: hashType.name,
        cdhash: toHex(cdhashOf(hashType, blob)),
      })),
    })),
  };
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
