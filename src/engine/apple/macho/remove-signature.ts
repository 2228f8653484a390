import { roundUp } from '../../bytes/align.js';
import type { Patch } from '../../bytes/patch.js';
import { SigningError } from '../../system/error.js';
import { loadCommand } from './layout.js';
import { checkSignatureAtEnd, countCommands, linkeditOf, resizeSegment } from './make-room.js';
import type { MachO } from './read.js';

/** The padding between the string table and the signature goes too, if it is no more than this. */
const TRIMMED_PADDING = 12;
const SEGMENT_ALIGN = 0x4000;

export interface RemovalRequest {
  readonly trimsPadding: boolean;
  /**
   * Whether __LINKEDIT becomes smaller in memory too, as a linker would have made it. codesign leaves its vmsize as the
   * signature had made it (codesign_alloc.cpp, remove_signature_space).
   */
  readonly shrinksLinkedit: boolean;
}

/**
 * Takes the load command and the signature away, as `codesign --remove-signature` does.
 * @throws SigningError `NOT_SIGNED`, `SIGNATURE_NOT_AT_END`, `MALFORMED`
 */
export function removalPatches(macho: MachO, { trimsPadding, shrinksLinkedit }: RemovalRequest): Patch[] {
  if (!macho.codeSignature)
    throw new SigningError('NOT_SIGNED', `code object is not signed at all (${macho.arch})`);
  checkSignatureAtEnd(macho);
  const end = trimsPadding ? endOfStrings(macho, macho.codeSignature.offset) : macho.codeSignature.offset;
  const header = headerWithout(macho, macho.codeSignature.at, end, shrinksLinkedit);
  return [
    { at: 0, remove: header.length, put: header },
    { at: end, remove: macho.source.size - end, put: new Uint8Array() },
  ];
}

function endOfStrings(macho: MachO, signatureOffset: number): number {
  const strings = macho.stringTableEnd;
  const isClose =
    strings !== undefined && strings <= signatureOffset && signatureOffset - strings <= TRIMMED_PADDING;
  return isClose ? strings : signatureOffset;
}

/** The commands behind the removed one move up, and the bytes that become free are zeroed. */
function headerWithout(macho: MachO, at: number, end: number, shrinksLinkedit: boolean): Uint8Array {
  const { size } = loadCommand.read(macho.header, at, macho.endian);
  const linkedit = linkeditOf(macho);
  const fileSize = end - linkedit.fileOffset;
  const vmSize = shrinksLinkedit ? roundUp(fileSize, SEGMENT_ALIGN) : linkedit.vmSize;
  const header = macho.header.slice();
  for (const patch of [
    countCommands(macho, macho.commandCount - 1, macho.commandsSize - size),
    resizeSegment(macho, linkedit, fileSize, vmSize),
  ]) {
    header.set(patch.put, patch.at);
  }
  header.copyWithin(at, at + size);
  header.fill(0, header.length - size);
  return header;
}
