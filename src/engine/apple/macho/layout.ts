import { bytes, layout, text, u32, u64, type Endian } from '../../bytes/layout.js';

// Mach-O: https://github.com/apple-oss-distributions/xnu, EXTERNAL_HEADERS/mach-o/loader.h and fat.h.
// Fat headers are big-endian; a slice has the byte order of its magic.

export const MH_MAGIC = 0xfeedface;
export const MH_MAGIC_64 = 0xfeedfacf;
export const FAT_MAGIC = 0xcafebabe;
export const FAT_MAGIC_64 = 0xcafebabf;

export const FILE_TYPE = {
  object: 1,
  execute: 2,
  dylib: 6,
  dylinker: 7,
  bundle: 8,
  dsym: 10,
  kext: 11,
} as const;

export const LC = {
  segment: 0x1,
  symtab: 0x2,
  loadDylib: 0xc,
  segment64: 0x19,
  uuid: 0x1b,
  codeSignature: 0x1d,
  versionMinMacos: 0x24,
  versionMinIos: 0x25,
  sourceVersion: 0x2a,
  dylibCodeSignDrs: 0x2b,
  versionMinTvos: 0x2f,
  versionMinWatchos: 0x30,
  buildVersion: 0x32,
} as const;

export const PLATFORM = { macos: 1, ios: 2, tvos: 3, watchos: 4 } as const;

/** The part of the header that 32-bit and 64-bit files share; the 64-bit one has four reserved bytes more. */
export const machHeader = layout('mach_header', {
  magic: u32,
  cpuType: u32,
  cpuSubtype: u32,
  fileType: u32,
  commandCount: u32,
  commandsSize: u32,
  flags: u32,
});

export const loadCommand = layout('load_command', { command: u32, size: u32 });

const segmentHead = { command: u32, size: u32, name: text(16) };
const segmentTail = { maxProtection: u32, initialProtection: u32, sectionCount: u32, flags: u32 };
export const segment32 = layout('segment_command', {
  ...segmentHead,
  vmAddress: u32,
  vmSize: u32,
  fileOffset: u32,
  fileSize: u32,
  ...segmentTail,
});
export const segment64 = layout('segment_command_64', {
  ...segmentHead,
  vmAddress: u64,
  vmSize: u64,
  fileOffset: u64,
  fileSize: u64,
  ...segmentTail,
});

const sectionHead = { name: text(16), segmentName: text(16) };
const sectionTail = { offset: u32, align: u32, relocationOffset: u32, relocationCount: u32, flags: u32 };
export const section32 = layout('section', {
  ...sectionHead,
  address: u32,
  size: u32,
  ...sectionTail,
  reserved: bytes(8),
});
export const section64 = layout('section_64', {
  ...sectionHead,
  address: u64,
  size: u64,
  ...sectionTail,
  reserved: bytes(12),
});

/** LC_CODE_SIGNATURE, LC_DYLIB_CODE_SIGN_DRS: where their data lies in __LINKEDIT. */
export const linkeditData = layout('linkedit_data_command', {
  command: u32,
  size: u32,
  dataOffset: u32,
  dataSize: u32,
});

export const symtab = layout('symtab_command', {
  command: u32,
  size: u32,
  symbolOffset: u32,
  symbolCount: u32,
  stringOffset: u32,
  stringSize: u32,
});

export const uuidCommand = layout('uuid_command', { command: u32, size: u32, uuid: bytes(16) });

/** Versions are nibbles: xxxx.yy.zz. */
export const buildVersion = layout('build_version_command', {
  command: u32,
  size: u32,
  platform: u32,
  minimum: u32,
  sdk: u32,
  toolCount: u32,
});

export const versionMin = layout('version_min_command', { command: u32, size: u32, minimum: u32, sdk: u32 });

export const dylibCommand = layout('dylib_command', { command: u32, size: u32, nameOffset: u32 });

export const fatHeader = layout('fat_header', { magic: u32, sliceCount: u32 });
/** `align` is a power of two. */
export const fatArch = layout('fat_arch', {
  cpuType: u32,
  cpuSubtype: u32,
  offset: u32,
  size: u32,
  align: u32,
});

/** The byte order that a Mach-O magic stands for, and whether the file is 64-bit; undefined when it is no Mach-O. */
export function machMagic(head: Uint8Array): { endian: Endian; is64: boolean } | undefined {
  if (head.length < 4) return undefined;
  const view = new DataView(head.buffer, head.byteOffset);
  for (const endian of ['little', 'big'] as const) {
    const magic = view.getUint32(0, endian === 'little');
    if (magic === MH_MAGIC || magic === MH_MAGIC_64) return { endian, is64: magic === MH_MAGIC_64 };
  }
  return undefined;
}
