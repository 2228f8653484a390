import { checkBounds, layout, OutOfBounds, u32, u64, u8 } from '../../bytes/layout.js';
import { digest } from '../../crypto/digest.js';
import { SigningError } from '../../system/error.js';
import { CDHASH_SIZE, hashTypeOf, slotHash, type HashType } from './hash-type.js';
import { MAGIC } from './magic.js';

/*
 * CodeDirectory: XNU osfmk/kern/cs_blobs.h, Security libsecurity_codesigning/lib/{codedirectory.h,cdbuilder.cpp}.
 *
 *   header (by version) | identifier NUL | team NUL | special slots -n … -1 | code slots 0 … m
 */
const head = {
  magic: u32,
  length: u32,
  version: u32,
  flags: u32,
  hashOffset: u32,
  identOffset: u32,
  specialSlotCount: u32,
  codeSlotCount: u32,
  codeLimit: u32,
  hashSize: u8,
  hashType: u8,
  platform: u8,
  pageSizeLog2: u8,
  spare2: u32,
};
const v20100 = { ...head, scatterOffset: u32 };
const v20200 = { ...v20100, teamOffset: u32 };
const v20300 = { ...v20200, spare3: u32, codeLimit64: u64 };
const v20400 = { ...v20300, execSegmentBase: u64, execSegmentLimit: u64, execSegmentFlags: u64 };
const v20500 = { ...v20400, runtimeVersion: u32, preEncryptOffset: u32 };

/** Each version appends fields to the one before it. */
const VERSIONS = [
  { version: 0x20500, layout: layout('CodeDirectory 2.5', v20500) },
  { version: 0x20400, layout: layout('CodeDirectory 2.4', v20400) },
  { version: 0x20300, layout: layout('CodeDirectory 2.3', v20300) },
  { version: 0x20200, layout: layout('CodeDirectory 2.2', v20200) },
  { version: 0x20100, layout: layout('CodeDirectory 2.1', v20100) },
  { version: 0x20001, layout: layout('CodeDirectory 2.0.1', head) },
] as const;

/** The size that codesign plans with, whatever version it will write. */
const LARGEST_HEADER = VERSIONS[0].layout.size;
const MAX_32_BIT = 0xffffffff;

export interface CodeDirectory {
  readonly version: number;
  readonly flags: number;
  readonly identifier: string;
  readonly teamId: string | undefined;
  readonly hashType: HashType;
  /** Bytes a page; 0 means that all the code is one page. */
  readonly pageSize: number;
  /** Bytes of code that are hashed: up to the signature. */
  readonly codeLimit: number;
  readonly platform: number;
  readonly execSegment: { readonly base: number; readonly limit: number; readonly flags: number } | undefined;
  /** Of the hardened runtime, as nibbles xxxx.yy.zz; 0 when it is off or unknown. */
  readonly runtimeVersion: number;
  /** By slot number 1 to 11; a slot that is absent or all zero is not here. */
  readonly specialSlots: ReadonlyMap<number, Uint8Array>;
  /** One hash a page, one after the other. */
  readonly codeSlots: Uint8Array;
}

export type NewCodeDirectory = Omit<CodeDirectory, 'version'>;

export function codeSlotCount(codeLimit: number, pageSize: number): number {
  return pageSize === 0 ? 1 : Math.ceil(codeLimit / pageSize);
}

/** What codesign reserves for a CodeDirectory (signer.cpp): the real one may be smaller. */
export function plannedSize(
  directory: Pick<NewCodeDirectory, 'identifier' | 'teamId' | 'hashType'>,
  highestSpecialSlot: number,
  codeSlots: number,
): number {
  const strings =
    textSize(directory.identifier) + (directory.teamId === undefined ? 0 : textSize(directory.teamId));
  return LARGEST_HEADER + strings + (highestSpecialSlot + codeSlots) * directory.hashType.size;
}

/** The version that Apple's builder chooses (cdbuilder.cpp): the lowest one that holds what is set. */
function versionFor(directory: NewCodeDirectory): number {
  if (directory.runtimeVersion !== 0) return 0x20500;
  if ((directory.execSegment?.limit ?? 0) > 0) return 0x20400;
  if (directory.codeLimit > MAX_32_BIT) return 0x20300;
  return directory.teamId === undefined ? 0x20100 : 0x20200;
}

export function encodeCodeDirectory(directory: NewCodeDirectory): Uint8Array {
  const version = versionFor(directory);
  const { layout: fixed } = VERSIONS.find((each) => each.version === version)!;
  const { hashType, codeLimit, teamId } = directory;
  const identOffset = fixed.size;
  const teamOffset = identOffset + textSize(directory.identifier);
  const specialSlotCount = Math.max(0, ...directory.specialSlots.keys());
  const hashOffset =
    teamOffset + (teamId === undefined ? 0 : textSize(teamId)) + specialSlotCount * hashType.size;
  const blob = new Uint8Array(hashOffset + directory.codeSlots.length);
  layoutOf(version).write(blob, {
    magic: MAGIC.codeDirectory,
    length: blob.length,
    version,
    flags: directory.flags,
    hashOffset,
    identOffset,
    specialSlotCount,
    codeSlotCount: directory.codeSlots.length / hashType.size,
    codeLimit: codeLimit > MAX_32_BIT ? MAX_32_BIT : codeLimit,
    hashSize: hashType.size,
    hashType: hashType.id,
    platform: directory.platform,
    pageSizeLog2: directory.pageSize === 0 ? 0 : Math.log2(directory.pageSize),
    spare2: 0,
    scatterOffset: 0,
    teamOffset: teamId === undefined ? 0 : teamOffset,
    spare3: 0,
    codeLimit64: codeLimit > MAX_32_BIT ? codeLimit : 0,
    execSegmentBase: directory.execSegment?.base ?? 0,
    execSegmentLimit: directory.execSegment?.limit ?? 0,
    execSegmentFlags: directory.execSegment?.flags ?? 0,
    runtimeVersion: directory.runtimeVersion,
    preEncryptOffset: 0,
  });
  blob.set(new TextEncoder().encode(directory.identifier), identOffset);
  if (teamId !== undefined) blob.set(new TextEncoder().encode(teamId), teamOffset);
  for (const [slot, digest] of directory.specialSlots) blob.set(digest, hashOffset - slot * hashType.size);
  blob.set(directory.codeSlots, hashOffset);
  return blob;
}

/** With its NUL. */
function textSize(value: string): number {
  return Buffer.byteLength(value) + 1;
}

type AnyLayout = (typeof VERSIONS)[0]['layout'];

/** The table of a version; a table writes the fields it has and leaves the others alone. */
function layoutOf(version: number): AnyLayout {
  return VERSIONS.find((each) => version >= each.version)?.layout as AnyLayout;
}

/** @throws SigningError `MALFORMED`; OutOfBounds when an offset points outside the blob */
export function decodeCodeDirectory(blob: Uint8Array): CodeDirectory {
  const { magic, version } = VERSIONS[5].layout.read(blob);
  if (magic !== MAGIC.codeDirectory)
    throw new SigningError('MALFORMED', 'what should be a CodeDirectory is another blob');
  if (version < 0x20001 || version >= 0x30000) {
    throw new SigningError(
      'MALFORMED',
      `the CodeDirectory has the unknown version 0x${version.toString(16)}`,
    );
  }
  const fields: Partial<ReturnType<AnyLayout['read']>> & ReturnType<(typeof VERSIONS)[5]['layout']['read']> =
    layoutOf(version).read(blob);
  const hashType = hashTypeOf(fields.hashType);
  if (hashType?.size !== fields.hashSize) {
    throw new SigningError('MALFORMED', `the CodeDirectory has the unknown hash type ${fields.hashType}`);
  }
  const { size } = hashType;
  checkBounds(
    'the special slots',
    fields.hashOffset - fields.specialSlotCount * size,
    fields.specialSlotCount * size,
    blob.length,
  );
  checkBounds('the code slots', fields.hashOffset, fields.codeSlotCount * size, blob.length);
  if (fields.pageSizeLog2 > 20) throw new OutOfBounds(`a page size of 2^${fields.pageSizeLog2}`);
  return {
    version,
    flags: fields.flags,
    identifier: textAt(blob, fields.identOffset),
    teamId: fields.teamOffset ? textAt(blob, fields.teamOffset) : undefined,
    hashType,
    pageSize: fields.pageSizeLog2 === 0 ? 0 : 2 ** fields.pageSizeLog2,
    codeLimit: fields.codeLimit64 === 0 ? fields.codeLimit : (fields.codeLimit64 ?? fields.codeLimit),
    platform: fields.platform,
    execSegment:
      fields.execSegmentLimit === undefined
        ? undefined
        : {
            base: fields.execSegmentBase ?? 0,
            limit: fields.execSegmentLimit,
            flags: fields.execSegmentFlags ?? 0,
          },
    runtimeVersion: fields.runtimeVersion ?? 0,
    specialSlots: specialSlotsOf(blob, fields.hashOffset, fields.specialSlotCount, size),
    codeSlots: blob.subarray(fields.hashOffset, fields.hashOffset + fields.codeSlotCount * size),
  };
}

function specialSlotsOf(
  blob: Uint8Array,
  hashOffset: number,
  count: number,
  size: number,
): Map<number, Uint8Array> {
  const slots = new Map<number, Uint8Array>();
  for (let slot = 1; slot <= count; slot++) {
    const digest = blob.subarray(hashOffset - slot * size, hashOffset - (slot - 1) * size);
    if (digest.some((byte) => byte !== 0)) slots.set(slot, digest);
  }
  return slots;
}

function textAt(blob: Uint8Array, at: number): string {
  const end = blob.indexOf(0, at);
  if (at >= blob.length || end < 0) throw new OutOfBounds('a text in the CodeDirectory has no end');
  return new TextDecoder().decode(blob.subarray(at, end));
}

/** The CodeDirectory's hash, whole. */
export function fullHash(hashType: HashType, blob: Uint8Array): Uint8Array {
  return digest(hashType.algorithm, blob);
}

/** What macOS knows this code by: 20 bytes. */
export function cdhashOf(hashType: HashType, blob: Uint8Array): Uint8Array {
  return slotHash(hashType, blob).subarray(0, CDHASH_SIZE);
}
