import { roundUp } from '../../src/engine/bytes/align.js';
import { concat } from '../../src/engine/bytes/concat.js';
import type { Endian } from '../../src/engine/bytes/layout.js';
import {
  buildVersion,
  dylibCommand,
  FILE_TYPE,
  LC,
  linkeditData,
  loadCommand,
  machHeader,
  MH_MAGIC,
  MH_MAGIC_64,
  PLATFORM,
  section32,
  section64,
  segment32,
  segment64,
  symtab,
  uuidCommand,
  versionMin,
} from '../../src/engine/apple/macho/layout.js';

/** Made-up architectures of all shapes: both widths, both byte orders. */
export const CPUS = {
  arm64: { type: 0x0100000c, subtype: 0, is64: true, endian: 'little' },
  arm64e: { type: 0x0100000c, subtype: 0x80000002, is64: true, endian: 'little' },
  x86_64: { type: 0x01000007, subtype: 3, is64: true, endian: 'little' },
  i386: { type: 7, subtype: 3, is64: false, endian: 'little' },
  ppc: { type: 18, subtype: 0, is64: false, endian: 'big' },
  ppc64: { type: 0x01000012, subtype: 0, is64: true, endian: 'big' },
} as const satisfies Record<string, Cpu>;

interface Cpu {
  readonly type: number;
  readonly subtype: number;
  readonly is64: boolean;
  readonly endian: Endian;
}

export type CpuName = keyof typeof CPUS;

export interface MachOShape {
  readonly cpu?: CpuName;
  readonly fileType?: number;
  /** Bytes between the load commands and the first section; 64 unless told. */
  readonly headerPadding?: number;
  /** What the padding consists of. */
  readonly paddingByte?: number;
  /** Bytes of code; 5000 unless told, which is two pages. */
  readonly codeSize?: number;
  /** Text of `__TEXT,__info_plist`. */
  readonly infoPlist?: string;
  /** Real linkers always write one, and so does this unless told. */
  readonly uuid?: Uint8Array | 'none';
  /** LC_BUILD_VERSION, the older LC_VERSION_MIN_MACOSX, or neither. */
  readonly version?: 'build' | 'minimum' | 'none';
  /** Nibbles xxxx.yy.zz. */
  readonly minimum?: number;
  readonly dylibs?: readonly string[];
  /** Put behind LC_CODE_SIGNATURE as it is, at the end of the file. */
  readonly signature?: Uint8Array;
  readonly withLinkedit?: boolean;
  /** Load commands of the test's own, whole. */
  readonly extraCommands?: readonly Uint8Array[];
}

const SDK = 0x000d0300;
const VM_PAGE = 0x4000;

/** A Mach-O file that no linker has seen: header and load commands, code, property list, strings, signature. */
export function machOFile(shape: MachOShape = {}): Uint8Array {
  const plan = new Plan(shape);
  // Sizes do not depend on offsets: a first round with zeros tells where everything lies.
  const commandsSize = plan.commands(0).reduce((size, command) => size + command.length, 0);
  const contentAt = headerSize(plan.cpu) + commandsSize + (shape.headerPadding ?? 64);
  const commands = plan.commands(contentAt);
  const padding = new Uint8Array(shape.headerPadding ?? 64).fill(shape.paddingByte ?? 0);
  const head = concat(plan.header(commands), ...commands, padding);
  return concat(head, plan.code, plan.infoPlist, plan.textPadding(contentAt), plan.strings, plan.signature);
}

function headerSize({ is64 }: Cpu): number {
  return machHeader.size + (is64 ? 4 : 0);
}

class Plan {
  readonly cpu: Cpu;
  readonly code: Uint8Array;
  readonly infoPlist: Uint8Array;
  readonly strings = new TextEncoder().encode('\0_main\0__mh_execute_header\0strings!');
  readonly signature: Uint8Array;

  constructor(readonly shape: MachOShape) {
    this.cpu = CPUS[shape.cpu ?? 'arm64'];
    this.code = Uint8Array.from({ length: shape.codeSize ?? 5000 }, (_, i) => (i * 31) % 251);
    this.infoPlist = new TextEncoder().encode(shape.infoPlist ?? '');
    this.signature = shape.signature ?? new Uint8Array();
  }

  header(commands: readonly Uint8Array[]): Uint8Array {
    const fixed = machHeader.encode(
      {
        magic: this.cpu.is64 ? MH_MAGIC_64 : MH_MAGIC,
        cpuType: this.cpu.type,
        cpuSubtype: this.cpu.subtype,
        fileType: this.shape.fileType ?? FILE_TYPE.execute,
        commandCount: commands.length,
        commandsSize: concat(...commands).length,
        flags: 0x200085,
      },
      this.cpu.endian,
    );
    return concat(fixed, new Uint8Array(headerSize(this.cpu) - fixed.length));
  }

  textPadding(contentAt: number): Uint8Array {
    return new Uint8Array(this.#textEnd(contentAt) - contentAt - this.code.length - this.infoPlist.length);
  }

  #textEnd(contentAt: number): number {
    return roundUp(contentAt + this.code.length + this.infoPlist.length, 16);
  }

  commands(contentAt: number): Uint8Array[] {
    const { shape } = this;
    return [
      this.#textSegment(contentAt),
      ...(shape.withLinkedit === false ? [] : [this.#linkedit(contentAt)]),
      this.#symtab(contentAt),
      ...this.#uuid(),
      ...this.#version(),
      ...(shape.dylibs ?? []).map((name) => this.#dylib(name)),
      ...(shape.extraCommands ?? []),
      ...(shape.signature ? [this.#codeSignature(contentAt)] : []),
    ];
  }

  #textSegment(contentAt: number): Uint8Array {
    const sections = [this.#section('__text', contentAt, this.code.length)];
    if (this.infoPlist.length > 0)
      sections.push(this.#section('__info_plist', contentAt + this.code.length, this.infoPlist.length));
    return this.#segment('__TEXT', 0, this.#textEnd(contentAt), sections);
  }

  #linkedit(contentAt: number): Uint8Array {
    const at = this.#textEnd(contentAt);
    return this.#segment('__LINKEDIT', at, this.strings.length + this.signature.length, []);
  }

  #segment(name: string, fileOffset: number, fileSize: number, sections: readonly Uint8Array[]): Uint8Array {
    const table = this.cpu.is64 ? segment64 : segment32;
    const value = {
      command: this.cpu.is64 ? LC.segment64 : LC.segment,
      size: table.size + concat(...sections).length,
      name,
      vmAddress: roundUp(fileOffset, VM_PAGE),
      vmSize: roundUp(fileSize, VM_PAGE),
      fileOffset,
      fileSize,
      maxProtection: 7,
      initialProtection: 5,
      sectionCount: sections.length,
      flags: 0,
    };
    return concat(table.encode(value, this.cpu.endian), ...sections);
  }

  #section(name: string, offset: number, size: number): Uint8Array {
    const common = { name, segmentName: '__TEXT', address: offset, size, offset, align: 2 };
    const value = { ...common, relocationOffset: 0, relocationCount: 0, flags: 0 };
    return this.cpu.is64
      ? section64.encode({ ...value, reserved: new Uint8Array(12) }, this.cpu.endian)
      : section32.encode({ ...value, reserved: new Uint8Array(8) }, this.cpu.endian);
  }

  #symtab(contentAt: number): Uint8Array {
    const stringOffset = this.#textEnd(contentAt);
    const value = {
      symbolOffset: stringOffset,
      symbolCount: 0,
      stringOffset,
      stringSize: this.strings.length,
    };
    return this.#encode(symtab, { command: LC.symtab, ...value });
  }

  #uuid(): Uint8Array[] {
    const { uuid = new Uint8Array(16).fill(0x75) } = this.shape;
    return uuid === 'none' ? [] : [this.#encode(uuidCommand, { command: LC.uuid, uuid })];
  }

  #version(): Uint8Array[] {
    const { version = 'build', minimum = 0x000b0000 } = this.shape;
    switch (version) {
      case 'build':
        return [
          this.#encode(buildVersion, {
            command: LC.buildVersion,
            platform: PLATFORM.macos,
            minimum,
            sdk: SDK,
            toolCount: 0,
          }),
        ];
      case 'minimum':
        return [this.#encode(versionMin, { command: LC.versionMinMacos, minimum, sdk: SDK })];
      case 'none':
        return [];
    }
  }

  #dylib(name: string): Uint8Array {
    const nameOffset = 24;
    const command = new Uint8Array(roundUp(nameOffset + name.length + 1, 8));
    dylibCommand.write(
      command,
      { command: LC.loadDylib, size: command.length, nameOffset },
      0,
      this.cpu.endian,
    );
    command.set(new TextEncoder().encode(name), nameOffset);
    return command;
  }

  #codeSignature(contentAt: number): Uint8Array {
    return this.#encode(linkeditData, {
      command: LC.codeSignature,
      dataOffset: this.#textEnd(contentAt) + this.strings.length,
      dataSize: this.signature.length,
    });
  }

  /** A command of one table: its size is that of the table. */
  #encode<T extends { readonly size: number }>(
    table: { readonly size: number; encode(value: T, endian: Endian): Uint8Array },
    value: Omit<T, 'size'>,
  ): Uint8Array {
    return table.encode({ ...value, size: table.size } as T, this.cpu.endian);
  }
}

/** A load command that nobody knows, of `size` bytes. */
export function unknownCommand(size: number, endian: Endian = 'little'): Uint8Array {
  const command = new Uint8Array(size);
  loadCommand.write(command, { command: 0x7f, size }, 0, endian);
  return command;
}
