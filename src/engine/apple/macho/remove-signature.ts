import type { Patch } from '../../bytes/patch.js';
import { SigningError } from '../../system/error.js';
import { loadCommand } from './layout.js';
import { checkSignatureAtEnd, countCommands, linkeditOf, resizeSegment } from './make-room.js';
import type { MachO } from './read.js';

/** The padding between the string table and the signature goes too, if it is no more than this. */
const TRIMMED_PADDING = 12;

/**
 * Takes the load command and the signature away, as `codesign --remove-signature` does; __LINKEDIT keeps its vmsize.
 * @throws SigningError `NOT_SIGNED`, `SIGNATURE_NOT_AT_END`, `MALFORMED`
 */
export function removalPatches(macho: MachO, trimsPadding: boolean): Patch[] {
  if (!macho.codeSignature)
    throw new SigningError('NOT_SIGNED', `code object is not signed at all (${macho.arch})`);
  checkSignatureAtEnd(macho);
  const end = trimsPadding ? endOfStrings(macho, macho.codeSignature.offset) : macho.codeSignature.offset;
  const header = headerWithout(macho, macho.codeSignature.at, end);
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
function headerWithout(macho: MachO, at: number, end: number): Uint8Array {
  const { size } = loadCommand.read(macho.header, at, macho.endian);
  const linkedit = linkeditOf(macho);
  const header = macho.header.slice();
  for (const patch of [
    countCommands(macho, macho.commandCount - 1, macho.commandsSize - size),
    resizeSegment(macho, linkedit, end - linkedit.fileOffset, linkedit.vmSize),
  ]) {
    header.set(patch.put, patch.at);
  }
  header.copyWithin(at, at + size);
  header.fill(0, header.length - size);
  return header;
}
