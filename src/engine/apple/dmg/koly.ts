import { bytes, layout, u32, u64 } from '../../bytes/layout.js';

/*
 * The trailer of a disk image: UDIFResourceFile (apple-oss-distributions/Security, diskimagerep.cpp; the DiskImages
 * headers). It is called a header there, and it is the last 512 bytes of the file.
 *
 *   data fork | XML property list | [code signature] | koly
 */
export const koly = layout('the trailer of a disk image', {
  magic: u32,
  version: u32,
  headerSize: u32,
  flags: u32,
  runningDataForkOffset: u64,
  dataForkOffset: u64,
  dataForkLength: u64,
  resourceForkOffset: u64,
  resourceForkLength: u64,
  segmentNumber: u32,
  segmentCount: u32,
  segmentId: bytes(16),
  dataChecksum: bytes(136),
  xmlOffset: u64,
  xmlLength: u64,
  reserved1: bytes(64),
  codeSignatureOffset: u64,
  codeSignatureLength: u64,
  reserved2: bytes(40),
  mainChecksum: bytes(136),
  imageVariant: u32,
  sectorCount: u64,
  reserved3: bytes(12),
});

export const KOLY_MAGIC = 0x6b6f6c79;
export const KOLY_VERSION = 4;

export type Koly = ReturnType<typeof koly.read>;

/** The same trailer with another place for the signature; every other byte stays as it is. */
export function withSignatureAt(trailer: Uint8Array, offset: number, length: number): Uint8Array {
  const changed = trailer.slice();
  const view = new DataView(changed.buffer);
  u64.put(view, koly.offsetOf('codeSignatureOffset'), offset, false);
  u64.put(view, koly.offsetOf('codeSignatureLength'), length, false);
  return changed;
}

export function endsWithKoly(tail: Uint8Array): boolean {
  return tail.length >= koly.size && koly.read(tail, tail.length - koly.size).magic === KOLY_MAGIC;
}
