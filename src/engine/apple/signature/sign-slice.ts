import { roundUp } from '../../bytes/align.js';
import { patchedSource, type Patch } from '../../bytes/patch.js';
import type { ByteSource } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import { hashPages } from '../../system/hash-pages.js';
import type { Compat } from '../compat.js';
import { CPU_ARM64, CPU_ARM64_32 } from '../macho/arch.js';
import { FILE_TYPE, PLATFORM } from '../macho/layout.js';
import { makeRoom, unsignedSize, type HeaderRoom } from '../macho/make-room.js';
import type { MachO } from '../macho/read.js';
import { encodeBlob } from './blob.js';
import { codeSlotCount, encodeCodeDirectory, plannedSize } from './code-directory.js';
import { slotHash, type HashType } from './hash-type.js';
import { CODE_FLAG, MAGIC, SLOT } from './magic.js';
import { encodeSuperBlob, superBlobHeadSize, type SlotBlob } from './super-blob.js';

/** All that a signature says about one architecture's code, beside the code itself. */
export interface SliceRequest {
  readonly identifier: string;
  readonly teamId: string | undefined;
  readonly flags: number;
  /** Weakest first: the first is the primary CodeDirectory. */
  readonly hashTypes: readonly HashType[];
  /** Whole requirements blob. */
  readonly requirements: Uint8Array;
  /** Attached to main executables only. */
  readonly entitlements: EntitlementBlobs | undefined;
  /** Info.plist and CodeResources of the bundle; hashed, not stored. */
  readonly infoPlist: Uint8Array | undefined;
  readonly resources: Uint8Array | undefined;
  /** Launch and library constraints by slot 8 to 11, whole blobs, carried over as they are. */
  readonly constraints: readonly SlotBlob[];
  /** Overrides the SDK version as version of the hardened runtime. */
  readonly runtimeVersion: number | undefined;
  readonly compat: Compat;
  readonly headerRoom: HeaderRoom;
  /** Makes the CMS over the CodeDirectories, primary first; undefined signs ad-hoc. */
  readonly signCms: ((directories: readonly SignedDirectory[]) => Promise<Uint8Array>) | undefined;
}

export interface EntitlementBlobs {
  readonly xml: Uint8Array;
  readonly der: Uint8Array;
  /** Bits for execSegFlags. */
  readonly execFlags: number;
}

export interface SignedDirectory {
  readonly hashType: HashType;
  readonly blob: Uint8Array;
}

export interface SignedSlice {
  readonly patches: readonly Patch[];
  readonly directories: readonly SignedDirectory[];
  readonly flags: number;
}

const SIGNATURE_ALIGN = 16;
const EXEC_SEGMENT_MAIN_BINARY = 1;

/** Signs one architecture: the patches turn the slice into what codesign would write. */
export async function signSlice(macho: MachO, request: SliceRequest): Promise<SignedSlice> {
  const components = componentsOf(macho, request);
  const space = plannedSpace(macho, request, components);
  const { allocator } = request.compat;
  const { codeLimit, patches } = await makeRoom(macho, { space, allocator, headerRoom: request.headerRoom });
  const allocated = patchedSource(macho.source, [...patches, endAt(macho, codeLimit, new Uint8Array())]);
  const directories = await buildDirectories(macho, allocated, codeLimit, request, components);
  const signature = await assemble(request, components, directories, space);
  return { patches: [...patches, endAt(macho, codeLimit, signature)], directories, flags: request.flags };
}

/** Cuts or pads the file to the code limit and puts `tail` behind it. */
function endAt(macho: MachO, codeLimit: number, tail: Uint8Array): Patch {
  const at = Math.min(macho.source.size, codeLimit);
  const padding = codeLimit - at;
  const put = new Uint8Array(padding + tail.length);
  put.set(tail, padding);
  return { at, remove: macho.source.size - at, put };
}

/** The blobs that are stored and hashed. */
function componentsOf(macho: MachO, request: SliceRequest): SlotBlob[] {
  const { requirements, entitlements, constraints } = request;
  const components: SlotBlob[] = [{ slot: SLOT.requirements, blob: requirements }, ...constraints];
  if (entitlements && macho.fileType === FILE_TYPE.execute) {
    components.push({ slot: SLOT.entitlements, blob: entitlements.xml });
    components.push({ slot: SLOT.entitlementsDer, blob: entitlements.der });
  }
  return components;
}

/** codesign plans before it knows the CMS: it always reserves the same (signer.cpp), also when there will be none. */
function plannedSpace(macho: MachO, request: SliceRequest, components: readonly SlotBlob[]): number {
  const codeSlots = codeSlotCount(unsignedSize(macho), pageSizeOf(macho, request.compat));
  const specialSlots = Math.max(...specialSlotNumbers(request, components));
  const directories = request.hashTypes.reduce(
    (size, hashType) => size + plannedSize({ ...request, hashType }, specialSlots, codeSlots),
    0,
  );
  const blobs = components.reduce((size, { blob }) => size + blob.length, 0);
  const head = superBlobHeadSize(components.length + request.hashTypes.length + 1);
  return roundUp(head + blobs + directories + request.compat.cmsReserve, SIGNATURE_ALIGN);
}

function specialSlotNumbers(request: SliceRequest, components: readonly SlotBlob[]): number[] {
  const slots = components.map(({ slot }) => slot);
  if (request.infoPlist) slots.push(SLOT.infoPlist);
  if (request.resources) slots.push(SLOT.resources);
  return slots;
}

/** macOS 26 hashes arm64 code in pages of 16 KiB, but for tvOS (machorep.cpp, pageSize). */
function pageSizeOf({ cpuType, version }: MachO, compat: Compat): number {
  const isArm64 = cpuType === CPU_ARM64 || cpuType === CPU_ARM64_32;
  return isArm64 && version?.platform !== PLATFORM.tvos ? compat.arm64PageSize : 4096;
}

async function buildDirectories(
  macho: MachO,
  code: ByteSource,
  codeLimit: number,
  request: SliceRequest,
  components: readonly SlotBlob[],
): Promise<SignedDirectory[]> {
  const pageSize = pageSizeOf(macho, request.compat);
  const algorithms = request.hashTypes.map(({ algorithm }) => algorithm);
  const pages = await hashPages(code, codeLimit, pageSize, algorithms);
  return request.hashTypes.map((hashType, i) => ({
    hashType,
    blob: encodeCodeDirectory({
      flags: request.flags,
      identifier: request.identifier,
      teamId: request.teamId,
      hashType,
      pageSize,
      codeLimit,
      platform: 0,
      execSegment: execSegmentOf(macho, request.entitlements),
      runtimeVersion: runtimeVersionOf(macho, request),
      specialSlots: specialSlotsOf(request, components, hashType),
      codeSlots: pages[i]!,
    }),
  }));
}

function specialSlotsOf(
  request: SliceRequest,
  components: readonly SlotBlob[],
  hashType: HashType,
): Map<number, Uint8Array> {
  const slots = new Map(components.map(({ slot, blob }) => [slot, slotHash(hashType, blob)] as const));
  if (request.infoPlist) slots.set(SLOT.infoPlist, slotHash(hashType, request.infoPlist));
  if (request.resources) slots.set(SLOT.resources, slotHash(hashType, request.resources));
  return slots;
}

/** Only code that names its platform gets one (machorep.cpp, needsExecSeg). */
function execSegmentOf(macho: MachO, entitlements: EntitlementBlobs | undefined) {
  const text = macho.segments.find(({ name }) => name === '__TEXT');
  if (!macho.version || !text) return undefined;
  const isMain = macho.fileType === FILE_TYPE.execute;
  const flags = isMain ? EXEC_SEGMENT_MAIN_BINARY | (entitlements?.execFlags ?? 0) : 0;
  return { base: text.fileOffset, limit: text.fileSize, flags };
}

function runtimeVersionOf({ version }: MachO, { flags, runtimeVersion }: SliceRequest): number {
  return flags & CODE_FLAG.runtime ? (runtimeVersion ?? version?.sdk ?? 0) : 0;
}

/** Everything in its slot, then zeros up to the planned size: codesign leaves old bytes there, which nothing hashes. */
async function assemble(
  request: SliceRequest,
  components: readonly SlotBlob[],
  directories: readonly SignedDirectory[],
  space: number,
): Promise<Uint8Array> {
  const cms = request.signCms ? await request.signCms(directories) : new Uint8Array();
  const superBlob = encodeSuperBlob([
    ...components,
    ...directories.map(({ blob }, i) => ({
      slot: i === 0 ? SLOT.codeDirectory : SLOT.alternateCodeDirectories + i - 1,
      blob,
    })),
    { slot: SLOT.signature, blob: encodeBlob(MAGIC.blobWrapper, cms) },
  ]);
  if (superBlob.length > space) {
    throw new SigningError(
      'SIGNATURE_TOO_LARGE',
      `the signature is ${superBlob.length - space} bytes larger than the space reserved for it`,
      {
        hint: `set compat.cmsReserve above ${request.compat.cmsReserve + superBlob.length - space}`,
      },
    );
  }
  const padded = new Uint8Array(space);
  padded.set(superBlob);
  return padded;
}
