import { layout, u16, u32, u64 } from '../../bytes/layout.js';
import { SigningError } from '../../system/error.js';

/*
 * A flat package is a xar archive (apple-oss-distributions/xar, include/xar.h.in):
 *
 *   header | table of contents, XML in zlib | heap: checksum, signatures, files | [trailers]
 */
export const xarHeader = layout('the header of the package', {
  magic: u32,
  size: u16,
  version: u16,
  compressedSize: u64,
  uncompressedSize: u64,
  checksumAlgorithm: u32,
});

export const XAR_MAGIC = 0x78617221;
const VERSION = 1;

/** The checksums that a signature can rest on, by their numbers in the header; 0 is none and 2 is MD5. */
const CHECKSUM_NUMBERS = { sha1: 1, sha256: 3, sha512: 4 } as const;
export type ChecksumAlgorithm = keyof typeof CHECKSUM_NUMBERS;
export const CHECKSUM_SIZES: Readonly<Record<ChecksumAlgorithm, number>> = {
  sha1: 20,
  sha256: 32,
  sha512: 64,
};

export function checksumNumber(algorithm: ChecksumAlgorithm): number {
  return CHECKSUM_NUMBERS[algorithm];
}

/** Undefined for those that protect nothing. */
export function checksumNamed(name: string): ChecksumAlgorithm | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(CHECKSUM_NUMBERS, lower) ? (lower as ChecksumAlgorithm) : undefined;
}

export function beginsWithXar(head: Uint8Array): boolean {
  return head.length >= xarHeader.size && xarHeader.read(head).magic === XAR_MAGIC;
}

export function encodeHeader(
  compressedSize: number,
  uncompressedSize: number,
  algorithm: ChecksumAlgorithm,
): Uint8Array {
  return xarHeader.encode({
    magic: XAR_MAGIC,
    size: xarHeader.size,
    version: VERSION,
    compressedSize,
    uncompressedSize,
    checksumAlgorithm: CHECKSUM_NUMBERS[algorithm],
  });
}

export type XarHeader = ReturnType<typeof xarHeader.read>;

/** @throws SigningError `NOT_SIGNABLE`, `UNSUPPORTED`, `MALFORMED` */
export function decodeHeader(head: Uint8Array): XarHeader {
  if (!beginsWithXar(head))
    throw new SigningError('NOT_SIGNABLE', 'it is not a flat installer package', {
      hint: 'build it with pkgbuild or productbuild; packages that are folders cannot be signed',
    });
  const header = xarHeader.read(head);
  if (header.version !== VERSION)
    throw new SigningError('UNSUPPORTED', `the package is a xar archive of version ${header.version}`);
  if (header.size < xarHeader.size)
    throw new SigningError('MALFORMED', `the package has a header of ${header.size} bytes`);
  return header;
}
