import type { Patch } from '../../bytes/patch.js';
import type { Compat } from '../compat.js';
import type { HeaderRoom } from '../macho/make-room.js';
import { filePatches, type MachOFile } from '../macho/read-file.js';
import { readEmbeddedInfoPlist, type MachO } from '../macho/read.js';
import { readPlist } from '../../system/plist/read.js';
import { entryOf, isPlistDict } from '../../system/plist/value.js';
import { digestsFor } from './digests.js';
import { identificationSuffix, identifierFromPath } from './identifier.js';
import { CODE_FLAG } from './magic.js';
import { nativeSlice } from './native-slice.js';
import type { SlotBlob } from './super-blob.js';
import { signSlice, type EntitlementBlobs, type SignedSlice, type SliceRequest } from './sign-slice.js';

/** Who signs, the same for all the code of one run. */
export interface Signer {
  readonly compat: Compat;
  readonly teamId: string | undefined;
  /** Undefined signs ad-hoc. */
  readonly signCms: SliceRequest['signCms'];
  /** The requirements blob for code of this identifier. */
  requirementsFor(identifier: string): Uint8Array;
}

/** What is to be said of one Mach-O file. */
export interface CodeRequest {
  /** The file's name is the last resort for an identifier. */
  readonly path: string;
  readonly identifier: string | undefined;
  readonly flags: number;
  readonly runtimeVersion: number | undefined;
  readonly requirements: Uint8Array | undefined;
  readonly entitlements: EntitlementBlobs | undefined;
  readonly headerRoom: HeaderRoom;
  /** Launch and library constraints, carried over as they are. */
  readonly constraints?: readonly SlotBlob[] | undefined;
  /** Of the bundle whose main executable this is. */
  readonly infoPlist: Uint8Array | undefined;
  readonly resources: Uint8Array | undefined;
}

export interface SignedMachO {
  readonly patches: readonly Patch[];
  readonly identifier: string;
  /** In the order of `file.machos`. */
  readonly slices: readonly SignedSlice[];
}

/** Signs every architecture of a file with one identifier and one set of digests, as codesign does. */
export async function signMachO(file: MachOFile, request: CodeRequest, signer: Signer): Promise<SignedMachO> {
  const identifier = request.identifier ?? (await defaultIdentifier(file, request.path, signer));
  const common = {
    identifier,
    teamId: signer.teamId,
    flags: request.flags | (signer.signCms ? 0 : CODE_FLAG.adhoc),
    hashTypes: digestsFor(file.machos, signer.compat),
    requirements: request.requirements ?? signer.requirementsFor(identifier),
    entitlements: request.entitlements,
    resources: request.resources,
    constraints: request.constraints ?? [],
    runtimeVersion: request.runtimeVersion,
    headerRoom: request.headerRoom,
    compat: signer.compat,
    signCms: signer.signCms,
  };
  const slices: SignedSlice[] = [];
  for (const macho of file.machos) {
    const infoPlist = request.infoPlist ?? (await readEmbeddedInfoPlist(macho));
    slices.push(await signSlice(macho, { ...common, infoPlist }));
  }
  return {
    identifier,
    slices,
    patches: filePatches(
      file,
      slices.map(({ patches }) => patches),
      signer.compat.allocator,
    ),
  };
}

/** machorep.cpp, recommendedIdentifier: the embedded Info.plist, else the file's name, made unique when that means little. */
async function defaultIdentifier(file: MachOFile, path: string, signer: Signer): Promise<string> {
  const native = nativeSlice(file.machos, signer.compat.hostArch);
  const bundleIdentifier = await embeddedBundleIdentifier(native);
  if (bundleIdentifier !== undefined) return bundleIdentifier;
  const name = identifierFromPath(path);
  const isAdhoc = signer.signCms === undefined;
  return isAdhoc && !name.includes('.') ? `${name}-${identificationSuffix(native)}` : name;
}

async function embeddedBundleIdentifier(macho: MachO): Promise<string | undefined> {
  const data = await readEmbeddedInfoPlist(macho);
  const info = data && readPlist(data);
  const identifier = isPlistDict(info) ? entryOf(info, 'CFBundleIdentifier') : undefined;
  return typeof identifier === 'string' && identifier !== '' ? identifier : undefined;
}
