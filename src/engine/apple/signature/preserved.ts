import type { Compat } from '../compat.js';
import type { MachOFile } from '../macho/read-file.js';
import { payloadOf } from './blob.js';
import { entitlementBlobs, readEntitlements } from './entitlements.js';
import { CODE_FLAG, SLOT } from './magic.js';
import { nativeSlice } from './native-slice.js';
import { readSignature, type CodeSignature } from './read-signature.js';
import type { EntitlementBlobs } from './sign-slice.js';
import type { SlotBlob } from './super-blob.js';

/** What can be kept of an earlier signature (`codesign --preserve-metadata`); `constraints` are launch and library constraints. */
export const PRESERVABLE = [
  'identifier',
  'entitlements',
  'requirements',
  'flags',
  'runtime',
  'constraints',
] as const;
export type Preservable = (typeof PRESERVABLE)[number];

/** What an earlier signature says; absent where it says nothing, or was not asked. */
export interface Preserved {
  readonly identifier?: string | undefined;
  readonly entitlements?: EntitlementBlobs | undefined;
  readonly requirements?: Uint8Array | undefined;
  readonly flags?: number;
  readonly runtimeVersion?: number | undefined;
  readonly constraints?: readonly SlotBlob[];
}

/** Not the signer's words: they follow from who signs. */
const DERIVED_FLAGS = CODE_FLAG.adhoc | CODE_FLAG['linker-signed'];
/** A set without members. */
const EMPTY_SET_SIZE = 12;

/**
 * Reads from the native slice what is to be kept. A linker's signature counts as none (signer.cpp, prepare).
 * @throws SigningError `MALFORMED`, `INVALID_PLIST`
 */
export async function readPreserved(
  file: MachOFile,
  what: readonly Preservable[],
  hostArch: Compat['hostArch'],
): Promise<Preserved> {
  if (what.length === 0) return {};
  const signature = await readSignature(nativeSlice(file.machos, hostArch));
  if (!signature || (flagsOf(signature) & CODE_FLAG['linker-signed']) !== 0) return {};
  const all: Required<Preserved> = {
    identifier: signature.directories[0]!.directory.identifier,
    entitlements:
      signature.entitlements && entitlementBlobs(readEntitlements(payloadOf(signature.entitlements))),
    requirements: ownRequirements(signature),
    flags: flagsOf(signature) & ~DERIVED_FLAGS,
    runtimeVersion: signature.directories[0]!.directory.runtimeVersion || undefined,
    constraints: signature.superBlob.slots.filter(
      ({ slot }) => slot >= SLOT.launchConstraintSelf && slot <= SLOT.libraryConstraint,
    ),
  };
  const kept = what.map((name) => (name === 'runtime' ? 'runtimeVersion' : name));
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => (kept as readonly string[]).includes(name)),
  );
}

function flagsOf({ directories }: CodeSignature): number {
  return directories[0]!.directory.flags;
}

/** The empty set of an ad-hoc signature is no wish to have none. */
function ownRequirements({ requirements }: CodeSignature): Uint8Array | undefined {
  return requirements && requirements.length > EMPTY_SET_SIZE ? requirements : undefined;
}
