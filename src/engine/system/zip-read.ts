import { OutOfBounds } from '../bytes/layout.js';
import { readBytes, sliceOf, type ByteSource } from '../bytes/source.js';
import { SigningError } from './error.js';
import {
  CENTRAL_HEADER,
  centralHeader,
  END_LOCATOR_64,
  END_RECORD,
  END_RECORD_64,
  endLocator64,
  endRecord,
  endRecord64,
  EXTRA_64,
  extraHead,
  extraValue,
  IN_END_RECORD_64,
  IN_EXTRA,
  LOCAL_HEADER,
  localHeader,
} from './zip-format.js';

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly versionMadeBy: number;
  /** The Unix mode, type bits included; meaningful when the entry was made by Unix. */
  readonly mode: number;
  /** As it lies in the archive, compressed by `method`. */
  readonly data: ByteSource;
}

/** The entries of a zip archive without a comment, such as ours. @throws SigningError `MALFORMED` */
export async function readZip(source: ByteSource): Promise<ZipEntry[]> {
  try {
    const { entryCount, directorySize, directoryOffset } = await readEnd(source);
    const directory = await readBytes(source, directoryOffset, directorySize);
    const entries: ZipEntry[] = [];
    for (let at = 0; at < directory.length;) {
      const { entry, end } = await readEntry(source, directory, at);
      entries.push(entry);
      at = end;
    }
    if (entries.length !== entryCount)
      throw malformed(`its directory has ${entries.length} entries, not ${entryCount}`);
    return entries;
  } catch (error) {
    if (error instanceof OutOfBounds) throw malformed(error.message);
    throw error;
  }
}

interface End {
  readonly entryCount: number;
  readonly directorySize: number;
  readonly directoryOffset: number;
}

async function readEnd(source: ByteSource): Promise<End> {
  const at = source.size - endRecord.size;
  const end = endRecord.read(await readBytes(source, at, endRecord.size), 0, 'little');
  if (end.signature !== END_RECORD) throw malformed('it does not end with the end of a directory');
  const isLarge = end.entryCount === IN_END_RECORD_64 || end.directoryOffset === IN_EXTRA;
  return isLarge ? readEnd64(source, at - endLocator64.size) : end;
}

async function readEnd64(source: ByteSource, at: number): Promise<End> {
  const locator = endLocator64.read(await readBytes(source, at, endLocator64.size), 0, 'little');
  if (locator.signature !== END_LOCATOR_64) throw malformed('it has no zip64 locator');
  const end = endRecord64.read(await readBytes(source, locator.endOffset, endRecord64.size), 0, 'little');
  if (end.signature !== END_RECORD_64) throw malformed('it has no zip64 end record');
  return end;
}

async function readEntry(
  source: ByteSource,
  directory: Uint8Array,
  at: number,
): Promise<{ entry: ZipEntry; end: number }> {
  const header = centralHeader.read(directory, at, 'little');
  if (header.signature !== CENTRAL_HEADER) throw malformed(`offset ${at} of its directory has no entry`);
  const nameEnd = at + centralHeader.size + header.nameLength;
  const extraEnd = nameEnd + header.extraLength;
  const name = new TextDecoder().decode(directory.subarray(nameEnd - header.nameLength, nameEnd));
  const sizes = withExtra(header, directory.subarray(nameEnd, extraEnd));
  const { method, crc, versionMadeBy } = header;
  const entry = {
    name,
    method,
    crc,
    versionMadeBy,
    size: sizes.size,
    mode: header.externalAttributes >>> 16,
    data: await dataOf(source, name, sizes),
  };
  return { entry, end: extraEnd + header.commentLength };
}

interface Sizes {
  readonly size: number;
  readonly compressedSize: number;
  readonly localOffset: number;
}

function withExtra(header: Sizes, extra: Uint8Array): Sizes {
  const values = extra64(extra);
  const next = (value: number) => (value === IN_EXTRA ? (values.shift() ?? value) : value);
  const size = next(header.size);
  const compressedSize = next(header.compressedSize);
  return { size, compressedSize, localOffset: next(header.localOffset) };
}

function extra64(extra: Uint8Array): number[] {
  for (let at = 0; at < extra.length;) {
    const { id, length } = extraHead.read(extra, at, 'little');
    at += extraHead.size;
    if (id === EXTRA_64) {
      const count = Math.floor(length / extraValue.size);
      return Array.from(
        { length: count },
        (_, i) => extraValue.read(extra, at + i * extraValue.size, 'little').value,
      );
    }
    at += length;
  }
  return [];
}

async function dataOf(source: ByteSource, name: string, sizes: Sizes): Promise<ByteSource> {
  const at = sizes.localOffset;
  const header = localHeader.read(await readBytes(source, at, localHeader.size), 0, 'little');
  const localName = await readBytes(source, at + localHeader.size, header.nameLength);
  if (header.signature !== LOCAL_HEADER || new TextDecoder().decode(localName) !== name)
    throw malformed(`its directory and its entry differ about ${name}`);
  const start = at + localHeader.size + header.nameLength + header.extraLength;
  return sliceOf(source, start, sizes.compressedSize);
}

export function malformed(what: string): SigningError {
  return new SigningError('MALFORMED', `the zip archive is damaged: ${what}`);
}
