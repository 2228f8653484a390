import { checkBounds, OutOfBounds, type Endian } from '../../bytes/layout.js';
import { readBytes, type ByteSource } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import { archName } from './arch.js';
import {
  buildVersion,
  dylibCommand,
  LC,
  linkeditData,
  loadCommand,
  machHeader,
  machMagic,
  PLATFORM,
  section32,
  section64,
  segment32,
  segment64,
  symtab,
  uuidCommand,
  versionMin,
} from './layout.js';

/** Real files have well under 64 KiB of load commands; a lying header must not make us allocate more than this. */
const MAX_COMMANDS_SIZE = 16 << 20;

/** One architecture's Mach-O. All offsets count from its own start, also inside a universal file. */
export interface MachO {
  readonly source: ByteSource;
  readonly arch: string;
  readonly endian: Endian;
  readonly is64: boolean;
  readonly cpuType: number;
  readonly cpuSubtype: number;
  readonly fileType: number;
  readonly flags: number;
  /** The mach_header and every load command, as they stand in the file. */
  readonly header: Uint8Array;
  readonly commandCount: number;
  readonly commandsSize: number;
  readonly segments: readonly Segment[];
  readonly codeSignature: LinkeditData | undefined;
  readonly dylibRequirements: LinkeditData | undefined;
  readonly stringTableEnd: number | undefined;
  readonly uuid: Uint8Array | undefined;
  readonly sourceVersionAt: number | undefined;
  /** From LC_BUILD_VERSION or LC_VERSION_MIN_*; versions are nibbles xxxx.yy.zz. */
  readonly version: { readonly platform: number; readonly minimum: number; readonly sdk: number } | undefined;
  /** Install names of the libraries that it loads. */
  readonly dylibs: readonly string[];
}

export interface LinkeditData {
  /** Where the load command stands. */
  readonly at: number;
  readonly offset: number;
  readonly size: number;
}

export interface Segment {
  /** Where the load command stands. */
  readonly at: number;
  readonly name: string;
  readonly vmAddress: number;
  readonly vmSize: number;
  readonly fileOffset: number;
  readonly fileSize: number;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Bytes before the first load command. */
export function headerSize(is64: boolean): number {
  return machHeader.size + (is64 ? 4 : 0);
}

/** Reads the header and load commands of a thin Mach-O, or of one slice. @throws SigningError `MALFORMED`, `NOT_SIGNABLE` */
export async function readMachO(source: ByteSource): Promise<MachO> {
  const magic = source.size < 4 ? undefined : machMagic(await readBytes(source, 0, 4));
  if (!magic) throw new SigningError('NOT_SIGNABLE', 'this is not a Mach-O file');
  const { endian, is64 } = magic;
  const fixed = machHeader.read(await readBytes(source, 0, machHeader.size), 0, endian);
  if (fixed.commandsSize > MAX_COMMANDS_SIZE)
    throw new OutOfBounds(`${fixed.commandsSize} bytes of load commands`);
  const header = await readBytes(source, 0, headerSize(is64) + fixed.commandsSize);
  const { cpuType, cpuSubtype, fileType, flags, commandCount, commandsSize } = fixed;
  const arch = archName(cpuType, cpuSubtype);
  const common = {
    source,
    arch,
    endian,
    is64,
    cpuType,
    cpuSubtype,
    fileType,
    flags,
    header,
    commandCount,
    commandsSize,
  };
  return { ...common, ...readCommands(header, endian, is64, commandCount, source.size) };
}

type Commands = Omit<
  MachO,
  | 'source'
  | 'arch'
  | 'endian'
  | 'is64'
  | 'cpuType'
  | 'cpuSubtype'
  | 'fileType'
  | 'flags'
  | 'header'
  | 'commandCount'
  | 'commandsSize'
>;

function readCommands(
  header: Uint8Array,
  endian: Endian,
  is64: boolean,
  count: number,
  size: number,
): Commands {
  const segments: Segment[] = [];
  const dylibs: string[] = [];
  const found: { -readonly [K in keyof Commands]?: Commands[K] } = {};
  let at = headerSize(is64);
  for (let i = 0; i < count; i++) {
    const { command, size: length } = loadCommand.read(header, at, endian);
    if (length < loadCommand.size) throw new OutOfBounds(`load command ${i} has a size of ${length}`);
    checkBounds(`load command ${i}`, at, length, header.length);
    switch (command) {
      case LC.segment:
      case LC.segment64:
        segments.push(readSegment(header.subarray(0, at + length), at, endian, command === LC.segment64));
        break;
      case LC.codeSignature:
        if (found.codeSignature)
          throw new SigningError('MALFORMED', 'it has two LC_CODE_SIGNATURE load commands');
        found.codeSignature = readLinkeditData(header, at, endian, size);
        break;
      case LC.dylibCodeSignDrs:
        found.dylibRequirements = readLinkeditData(header, at, endian, size);
        break;
      case LC.symtab: {
        const { stringOffset, stringSize } = symtab.read(header, at, endian);
        found.stringTableEnd = stringOffset + stringSize;
        break;
      }
      case LC.uuid:
        found.uuid = uuidCommand.read(header, at, endian).uuid;
        break;
      case LC.sourceVersion:
        found.sourceVersionAt = at;
        break;
      case LC.buildVersion:
        found.version = buildVersion.read(header, at, endian);
        break;
      case LC.loadDylib:
        dylibs.push(readDylibName(header.subarray(0, at + length), at, endian));
        break;
      default:
        found.version ??= readOldVersion(command, header, at, endian);
    }
    at += length;
  }
  return {
    segments,
    dylibs,
    codeSignature: found.codeSignature,
    dylibRequirements: found.dylibRequirements,
    stringTableEnd: found.stringTableEnd,
    uuid: found.uuid,
    sourceVersionAt: found.sourceVersionAt,
    version: found.version,
  };
}

function readSegment(header: Uint8Array, at: number, endian: Endian, is64: boolean): Segment {
  const { name, vmAddress, vmSize, fileOffset, fileSize, sectionCount } = (is64 ? segment64 : segment32).read(
    header,
    at,
    endian,
  );
  const sectionLayout = is64 ? section64 : section32;
  const first = at + (is64 ? segment64 : segment32).size;
  checkBounds(`the sections of ${name}`, first, sectionCount * sectionLayout.size, header.length);
  const sections = Array.from({ length: sectionCount }, (_, i) => {
    const {
      name: section,
      offset,
      size,
    } = sectionLayout.read(header, first + i * sectionLayout.size, endian);
    return { name: section, offset, size };
  });
  return { at, name, vmAddress, vmSize, fileOffset, fileSize, sections };
}

function readLinkeditData(header: Uint8Array, at: number, endian: Endian, fileSize: number): LinkeditData {
  const { dataOffset: offset, dataSize: size } = linkeditData.read(header, at, endian);
  checkBounds('data in __LINKEDIT', offset, size, fileSize);
  return { at, offset, size };
}

function readDylibName(command: Uint8Array, at: number, endian: Endian): string {
  const { nameOffset } = dylibCommand.read(command, at, endian);
  checkBounds('a library name', at + nameOffset, 0, command.length);
  const raw = command.subarray(at + nameOffset);
  const end = raw.indexOf(0);
  return new TextDecoder().decode(raw.subarray(0, end < 0 ? raw.length : end));
}

const OLD_VERSION_PLATFORM: Readonly<Record<number, number>> = {
  [LC.versionMinMacos]: PLATFORM.macos,
  [LC.versionMinIos]: PLATFORM.ios,
  [LC.versionMinTvos]: PLATFORM.tvos,
  [LC.versionMinWatchos]: PLATFORM.watchos,
};

function readOldVersion(command: number, header: Uint8Array, at: number, endian: Endian): MachO['version'] {
  const platform = OLD_VERSION_PLATFORM[command];
  return platform === undefined ? undefined : { platform, ...versionMin.read(header, at, endian) };
}

/** The bytes of `__TEXT,__info_plist`: the Info.plist of an executable that has no bundle. */
export async function readEmbeddedInfoPlist(macho: MachO): Promise<Uint8Array | undefined> {
  const section = macho.segments
    .find((segment) => segment.name === '__TEXT')
    ?.sections.find((candidate) => candidate.name === '__info_plist');
  return section && readBytes(macho.source, section.offset, section.size);
}
