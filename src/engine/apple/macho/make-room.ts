import { roundUp } from '../../bytes/align.js';
import type { Endian } from '../../bytes/layout.js';
import type { Patch } from '../../bytes/patch.js';
import { readBytes } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import type { Compat } from '../compat.js';
import { FILE_TYPE, LC, linkeditData, machHeader, segment32, segment64 } from './layout.js';
import { headerSize, type MachO, type Segment } from './read.js';

/** Where the signature will lie, and the changes of the load commands that say so. */
export interface Room {
  /** Offset of the signature: the end of what it covers. */
  readonly codeLimit: number;
  /** Same-length changes of the header. */
  readonly patches: readonly Patch[];
}

const SIGNABLE_TYPES: readonly number[] = [
  FILE_TYPE.execute,
  FILE_TYPE.dylib,
  FILE_TYPE.dylinker,
  FILE_TYPE.bundle,
  FILE_TYPE.kext,
];
/** As far as an old signature may stop short of the end of the file (codesign_alloc.cpp). */
const END_TOLERANCE = 7;
const SIGNATURE_ALIGN = 16;
const SEGMENT_ALIGN = 0x4000;
const MAX_32_BIT = 0xffffffff;

/** Bytes in front of the signature that the caller may plan with before there is room: see `plannedSize`. */
export function unsignedSize(macho: MachO): number {
  return macho.codeSignature?.offset ?? macho.source.size;
}

/** What to do when the header has no room for another load command. */
export type HeaderRoom = 'refuse' | 'drop-source-version';

export interface RoomRequest {
  /** Bytes for the signature. */
  readonly space: number;
  readonly allocator: Compat['allocator'];
  readonly headerRoom: HeaderRoom;
}

/**
 * Plans room for a signature at the end of the file, as codesign's allocator does (codesign_alloc.cpp).
 * @throws SigningError `NOT_SIGNABLE`, `MALFORMED`, `UNSUPPORTED`, `SIGNATURE_NOT_AT_END`, `NO_HEADER_ROOM`
 */
export async function makeRoom(macho: MachO, { space, allocator, headerRoom }: RoomRequest): Promise<Room> {
  checkFileType(macho);
  checkSignatureAtEnd(macho);
  const codeLimit = macho.codeSignature?.offset ?? roundUp(macho.source.size, SIGNATURE_ALIGN);
  checkSize(macho, codeLimit + space);
  const linkedit = linkeditOf(macho);
  const grown = growLinkedit(macho, linkedit, codeLimit + space, allocator);
  const command = linkeditData.encode(
    { command: LC.codeSignature, size: linkeditData.size, dataOffset: codeLimit, dataSize: space },
    macho.endian,
  );
  if (macho.codeSignature)
    return {
      codeLimit,
      patches: [{ at: macho.codeSignature.at, remove: command.length, put: command }, grown],
    };
  const commandAt = headerSize(macho.is64) + macho.commandsSize;
  const missing = await missingHeaderRoom(macho, commandAt);
  if (missing === 0) {
    const counted = countCommands(macho, macho.commandCount + 1, macho.commandsSize + command.length);
    return { codeLimit, patches: [{ at: commandAt, remove: command.length, put: command }, grown, counted] };
  }
  const source = headerRoom === 'drop-source-version' ? macho.sourceVersionAt : undefined;
  if (source === undefined) throw noHeaderRoom(macho, missing);
  return { codeLimit, patches: [replacedCommand(macho, source, command, grown)] };
}

/** LC_SOURCE_VERSION has the size of the new command and no reader: the ones behind it move up, the new one goes last. */
function replacedCommand(macho: MachO, at: number, command: Uint8Array, grown: Patch): Patch {
  const header = macho.header.slice();
  header.set(grown.put, grown.at);
  header.copyWithin(at, at + command.length);
  header.set(command, header.length - command.length);
  return { at: 0, remove: header.length, put: header };
}

/** Programs and libraries are; object files and debugging companions are Mach-O too, and stay as they are. */
export function isSignable({ fileType }: Pick<MachO, 'fileType'>): boolean {
  return SIGNABLE_TYPES.includes(fileType);
}

function checkFileType(macho: MachO): void {
  if (isSignable(macho)) return;
  const what = { [FILE_TYPE.object]: 'an object file', [FILE_TYPE.dsym]: 'a dSYM companion file' }[
    macho.fileType
  ];
  throw new SigningError(
    'NOT_SIGNABLE',
    `${what ?? `Mach-O file type ${macho.fileType}`} cannot be signed (${macho.arch})`,
  );
}

/** LC_CODE_SIGNATURE has 32-bit numbers, in 64-bit files too. */
function checkSize({ arch }: MachO, end: number): void {
  if (end <= MAX_32_BIT) return;
  throw new SigningError('UNSUPPORTED', `with its signature, it would be larger than 4 GiB (${arch})`, {
    hint: 'move data out of the program into files of their own',
  });
}

/** Data behind a signature, as installers and self-extracting programs append it, would be lost. */
export function checkSignatureAtEnd(macho: MachO): void {
  if (!macho.codeSignature) return;
  const end = macho.codeSignature.offset + macho.codeSignature.size;
  if (end >= macho.source.size - END_TOLERANCE) return;
  throw new SigningError(
    'SIGNATURE_NOT_AT_END',
    `${macho.source.size - end} bytes follow the signature (${macho.arch}): LC_CODE_SIGNATURE does not point to the end of the file`,
    { hint: 'sign before anything is appended to the program' },
  );
}

export function linkeditOf(macho: MachO): Segment {
  const linkedit = macho.segments.find((segment) => segment.name === '__LINKEDIT');
  if (!linkedit) throw new SigningError('MALFORMED', `it has no __LINKEDIT segment (${macho.arch})`);
  if (linkedit.fileOffset + linkedit.fileSize > macho.source.size)
    throw new SigningError(
      'MALFORMED',
      `its __LINKEDIT segment extends past the end of the file (${macho.arch})`,
    );
  const signatureAt = macho.codeSignature?.offset ?? macho.source.size;
  if (signatureAt >= linkedit.fileOffset && signatureAt >= macho.header.length) return linkedit;
  throw new SigningError('MALFORMED', `its signature lies outside __LINKEDIT (${macho.arch})`);
}

/** Bytes that are missing. codesign overwrites code when the padding is too small (zig's x86_64 linker leaves none). */
async function missingHeaderRoom(macho: MachO, commandAt: number): Promise<number> {
  const missing = commandAt + linkeditData.size - firstContentOffset(macho);
  if (missing > 0) return missing;
  const room = await readBytes(macho.source, commandAt, linkeditData.size);
  return room.some((byte) => byte !== 0) ? linkeditData.size : 0;
}

/** Where the first section of the segment that holds the header begins. */
function firstContentOffset(macho: MachO): number {
  const offsets = macho.segments
    .filter((segment) => segment.fileOffset === 0 && segment.fileSize !== 0)
    .flatMap((segment) => segment.sections.map((section) => section.offset).filter((offset) => offset > 0));
  return Math.min(macho.source.size, ...offsets);
}

function noHeaderRoom(macho: MachO, missing: number): SigningError {
  const repair = macho.sourceVersionAt === undefined ? '' : ', or set headerRoom to drop-source-version';
  return new SigningError(
    'NO_HEADER_ROOM',
    `there is no room for the LC_CODE_SIGNATURE load command (${macho.arch}): ${missing} bytes are missing`,
    { hint: `relink with -Wl,-headerpad,0x1000${repair}` },
  );
}

export function countCommands(macho: MachO, count: number, size: number): Patch {
  const at = machHeader.offsetOf('commandCount');
  const put = new Uint8Array(8);
  const view = new DataView(put.buffer);
  view.setUint32(0, count, macho.endian === 'little');
  view.setUint32(4, size, macho.endian === 'little');
  return { at, remove: put.length, put };
}

function growLinkedit(macho: MachO, linkedit: Segment, end: number, allocator: Compat['allocator']): Patch {
  const fileSize = end - linkedit.fileOffset;
  const vmSize =
    allocator === 'in-process'
      ? roundUp(fileSize, SEGMENT_ALIGN)
      : Math.max(linkedit.vmSize, roundUp(fileSize, segmentAlign(macho)));
  return resizeSegment(macho, linkedit, fileSize, vmSize);
}

/** cctools guesses the alignment from the addresses: the largest power of two up to 16 KiB that divides them all. */
function segmentAlign(macho: MachO): number {
  let align = SEGMENT_ALIGN;
  for (const { vmAddress } of macho.segments) while (vmAddress % align !== 0) align /= 2;
  return Math.max(align, 0x1000);
}

export function resizeSegment(macho: MachO, segment: Segment, fileSize: number, vmSize: number): Patch {
  const put = macho.is64
    ? rewrite(segment64, macho.header, segment.at, macho.endian, { fileSize, vmSize })
    : rewrite(segment32, macho.header, segment.at, macho.endian, { fileSize, vmSize });
  return { at: segment.at, remove: put.length, put };
}

function rewrite(
  table: typeof segment32,
  header: Uint8Array,
  at: number,
  endian: Endian,
  sizes: { fileSize: number; vmSize: number },
): Uint8Array {
  return table.encode({ ...table.read(header, at, endian), ...sizes }, endian);
}
