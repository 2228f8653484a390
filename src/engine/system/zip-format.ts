import { layout, u16, u32, u64 } from '../bytes/layout.js';

// APPNOTE.TXT 6.3.10 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). Everything is little-endian.

/** 4.3.7 */
export const LOCAL_HEADER = 0x04034b50;
export const localHeader = layout('local file header', {
  signature: u32,
  versionNeeded: u16,
  flags: u16,
  method: u16,
  time: u16,
  date: u16,
  crc: u32,
  compressedSize: u32,
  size: u32,
  nameLength: u16,
  extraLength: u16,
});

/** 4.3.12 */
export const CENTRAL_HEADER = 0x02014b50;
export const centralHeader = layout('central directory header', {
  signature: u32,
  versionMadeBy: u16,
  versionNeeded: u16,
  flags: u16,
  method: u16,
  time: u16,
  date: u16,
  crc: u32,
  compressedSize: u32,
  size: u32,
  nameLength: u16,
  extraLength: u16,
  commentLength: u16,
  disk: u16,
  internalAttributes: u16,
  externalAttributes: u32,
  localOffset: u32,
});

/** 4.3.16 */
export const END_RECORD = 0x06054b50;
export const endRecord = layout('end of central directory record', {
  signature: u32,
  disk: u16,
  firstDisk: u16,
  entriesHere: u16,
  entryCount: u16,
  directorySize: u32,
  directoryOffset: u32,
  commentLength: u16,
});

/** 4.3.15: stands right before the end record. */
export const END_LOCATOR_64 = 0x07064b50;
export const endLocator64 = layout('zip64 end of central directory locator', {
  signature: u32,
  disk: u32,
  endOffset: u64,
  diskCount: u32,
});

/** 4.3.14 */
export const END_RECORD_64 = 0x06064b50;
export const endRecord64 = layout('zip64 end of central directory record', {
  signature: u32,
  recordSize: u64,
  versionMadeBy: u16,
  versionNeeded: u16,
  disk: u32,
  firstDisk: u32,
  entriesHere: u64,
  entryCount: u64,
  directorySize: u64,
  directoryOffset: u64,
});

/** 4.5.3: holds, in this order, those of size, compressed size and offset that read `IN_EXTRA` in the header. */
export const EXTRA_64 = 0x0001;
export const IN_EXTRA = 0xffffffff;
export const IN_END_RECORD_64 = 0xffff;
export const extraHead = layout('extra field', { id: u16, length: u16 });
export const extraValue = layout('zip64 extra value', { value: u64 });

export const METHOD = { stored: 0, deflated: 8 } as const;
/** The upper byte of `versionMadeBy`: then the upper half of the external attributes is a Unix mode. */
export const MADE_BY_UNIX = 3;
