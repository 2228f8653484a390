import { inflateSync } from 'node:zlib';
import { checkBounds } from '../../bytes/layout.js';
import { readBytes, type ByteSource } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import { checksumNumber, decodeHeader, xarHeader, type XarHeader } from './header.js';
import { readTableOfContents, type HeapRange, type TableOfContents } from './table-of-contents.js';
import { readTrailers, type Trailers } from './trailers.js';
import { malformed } from './xml.js';

/** A flat package that holds together: every place that it names lies within it, and no two share a byte. */
export interface Package {
  readonly source: ByteSource;
  readonly header: XarHeader;
  /** As it stands in the file: what the checksum covers. */
  readonly compressedToc: Uint8Array;
  readonly toc: TableOfContents;
  /** Where in the file the heap starts. */
  readonly heapStart: number;
  /** Where in the heap the files start; checksum and signatures come before. */
  readonly filesStart: number;
  /** Where in the heap the last of them ends. */
  readonly heapEnd: number;
  /** What was appended, a stapled ticket above all; undefined when there is none. */
  readonly trailers: Trailers | undefined;
}

/** Real ones have some kilobytes: a package has few files, what it installs is all in one of them. */
const MAX_TOC = 32 << 20;

/** @throws SigningError `NOT_SIGNABLE`, `UNSUPPORTED`, `MALFORMED`; OutOfBounds */
export async function readPackage(source: ByteSource): Promise<Package> {
  const head = await readBytes(source, 0, Math.min(xarHeader.size, source.size));
  const header = decodeHeader(head);
  if (header.compressedSize > MAX_TOC || header.uncompressedSize > MAX_TOC) throw malformed('is too large');
  const compressedToc = await readBytes(source, header.size, header.compressedSize);
  const toc = readTableOfContents(decodeText(unpack(compressedToc, header.uncompressedSize)));
  checkChecksumNumber(header, toc);
  const heapStart = header.size + header.compressedSize;
  const layout = layOut(toc, source.size - heapStart);
  const trailers = await readTrailers(source, heapStart + layout.heapEnd);
  return { source, header, compressedToc, toc, heapStart, ...layout, trailers };
}

/** Bytes of the heap. @throws OutOfBounds */
export function readHeap({ source, heapStart }: Package, { offset, length }: HeapRange): Promise<Uint8Array> {
  return readBytes(source, heapStart + offset, length);
}

function unpack(compressed: Uint8Array, size: number): Uint8Array {
  let unpacked: Uint8Array;
  try {
    // Without the limit, a few bytes could unpack to gigabytes.
    unpacked = inflateSync(compressed, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw malformed('cannot be unpacked');
  }
  if (unpacked.length !== size) throw malformed('is not as long as the header says');
  return unpacked;
}

/** Not a letter may get lost, for what is not edited is written back as it was. */
function decodeText(data: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw malformed('is not UTF-8');
  }
  const encoding = /^\uFEFF?<\?xml\s[^?]*encoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
  if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding))
    throw new SigningError('UNSUPPORTED', `the package's table of contents is encoded in ${encoding}`);
  return text;
}

/**
 * Readers go by either the header or the table: they must not say different things (libxar, archive.c). Other
 * implementations of xar have a longer header, with a name in it and 3 for "named".
 */
function checkChecksumNumber({ size, checksumAlgorithm }: XarHeader, { checksum }: TableOfContents): void {
  const algorithm = checksum?.algorithm;
  if (algorithm === undefined || size > xarHeader.size) return;
  if (checksumAlgorithm !== checksumNumber(algorithm))
    throw malformed('has another checksum than the header');
}

/** Checksum and signatures, then files: nothing else could be signed without moving files apart. */
function layOut(toc: TableOfContents, heapSize: number): { filesStart: number; heapEnd: number } {
  const own = [...(toc.checksum ? [toc.checksum] : []), ...toc.signatures];
  for (const { offset, length } of [...own, ...toc.pieces])
    checkBounds('what the table of contents names', offset, length, heapSize);
  checkApart([...own, ...distinct(toc.pieces)]);
  const ownEnd = endOf(own);
  const filesStart = toc.pieces.find(({ length }) => length > 0)?.offset ?? ownEnd;
  if (filesStart < ownEnd)
    throw new SigningError('UNSUPPORTED', 'the package has its checksum or signatures behind its files', {
      hint: 'build it with pkgbuild or productbuild',
    });
  return { filesStart, heapEnd: Math.max(ownEnd, endOf(toc.pieces)) };
}

/** Equal files may share one place. */
function distinct(pieces: readonly HeapRange[]): HeapRange[] {
  return [...new Map(pieces.map((piece) => [`${piece.offset} ${piece.length}`, piece])).values()];
}

/** Overlaps would let a small package ask for endless hashing, and a file contain the signature over itself. */
function checkApart(ranges: readonly HeapRange[]): void {
  let end = 0;
  for (const { offset, length } of ranges.toSorted((a, b) => a.offset - b.offset)) {
    if (length === 0) continue;
    if (offset < end) throw malformed('lets two things overlap');
    end = offset + length;
  }
}

function endOf(ranges: readonly HeapRange[]): number {
  return ranges.reduce((end, { offset, length }) => Math.max(end, offset + length), 0);
}
