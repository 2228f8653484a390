import { sourceOf } from '../../bytes/source.js';
import { concat } from '../../bytes/concat.js';
import { CPU_ARM64 } from '../macho/arch.js';
import {
  buildVersion,
  dylibCommand,
  FILE_TYPE,
  LC,
  linkeditData,
  machHeader,
  MH_MAGIC_64,
  section64,
  segment64,
} from '../macho/layout.js';
import { checkExecutable } from './check-executable.js';

interface Shape {
  fileType: number;
  flags: number;
  minimum: number;
  platform: number;
  libraries: string[];
  padding: number;
  isSigned: boolean;
}

const fit: Shape = {
  fileType: FILE_TYPE.execute,
  flags: 0x200000,
  minimum: 0x0b0000,
  platform: 1,
  libraries: ['/usr/lib/libSystem.B.dylib'],
  padding: 16,
  isSigned: false,
};

/** A thin arm64 file with just the load commands that the check looks at. */
function executable(change: Partial<Shape> = {}): Uint8Array {
  const shape = { ...fit, ...change };
  const others = [
    buildVersion.encode(
      {
        command: LC.buildVersion,
        size: buildVersion.size,
        platform: shape.platform,
        minimum: shape.minimum,
        sdk: 0,
        toolCount: 0,
      },
      'little',
    ),
    ...shape.libraries.map(libraryCommand),
    ...(shape.isSigned ? [signatureCommand()] : []),
  ];
  const textSize = segment64.size + section64.size;
  const commandsSize = textSize + others.reduce((sum, command) => sum + command.length, 0);
  const contentAt = 32 + commandsSize + shape.padding;
  const header = new Uint8Array(32);
  machHeader.write(
    header,
    {
      magic: MH_MAGIC_64,
      cpuType: CPU_ARM64,
      cpuSubtype: 0,
      fileType: shape.fileType,
      commandCount: others.length + 1,
      commandsSize,
      flags: shape.flags,
    },
    0,
    'little',
  );
  return concat(header, textSegment(textSize, contentAt), ...others, new Uint8Array(shape.padding + 64));
}

function textSegment(size: number, contentAt: number): Uint8Array {
  const segment = segment64.encode(
    {
      command: LC.segment64,
      size,
      name: '__TEXT',
      vmAddress: 0,
      vmSize: 0x4000,
      fileOffset: 0,
      fileSize: contentAt + 64,
      maxProtection: 5,
      initialProtection: 5,
      sectionCount: 1,
      flags: 0,
    },
    'little',
  );
  const section = section64.encode(
    {
      name: '__text',
      segmentName: '__TEXT',
      address: contentAt,
      size: 64,
      offset: contentAt,
      align: 2,
      relocationOffset: 0,
      relocationCount: 0,
      flags: 0,
      reserved: new Uint8Array(12),
    },
    'little',
  );
  return concat(segment, section);
}

function libraryCommand(name: string): Uint8Array {
  const text = new TextEncoder().encode(name);
  const size = 24 + Math.ceil((text.length + 1) / 8) * 8;
  const command = new Uint8Array(size);
  dylibCommand.write(command, { command: LC.loadDylib, size, nameOffset: 24 }, 0, 'little');
  command.set(text, 24);
  return command;
}

function signatureCommand(): Uint8Array {
  return linkeditData.encode({ command: LC.codeSignature, size: 16, dataOffset: 0, dataSize: 8 }, 'little');
}

const check = (data: Uint8Array, versions: Record<string, string> = { arm64: '11.0' }) =>
  checkExecutable(sourceOf(data), versions);

it('lets a fit executable pass', async () => {
  await expect(check(executable())).resolves.toBeUndefined();
});

it('needs no padding where the linker has signed already', async () => {
  await expect(check(executable({ padding: 0, isSigned: true }))).resolves.toBeUndefined();
});

it.each<[string, Partial<Shape>, RegExp]>([
  ['is a library', { fileType: FILE_TYPE.dylib }, /it is no executable/],
  ['has fixed addresses', { flags: 0 }, /not position independent/],
  ['is for a newer macOS', { minimum: 0x0c0301 }, /it is for macOS 12\.3\.1, not 11\.0/],
  ['is for iOS', { platform: 2 }, /it is not for macOS/],
  [
    'needs another library',
    { libraries: ['/usr/lib/libSystem.B.dylib', '/opt/x.dylib'] },
    /it needs \/opt\/x\.dylib/,
  ],
  // zig's default for Intel: codesign would overwrite the first instructions (ziglang/zig#20700).
  ['has no room for a signature', { padding: 0 }, /no room for a signature/],
  ['has too little room for a signature', { padding: 15 }, /no room for a signature/],
])('refuses one that %s', async (_, change, message) => {
  const failure = check(executable(change));
  await expect(failure).rejects.toMatchObject({ code: 'INVALID_HELPER' });
  await expect(failure).rejects.toThrow(message);
});

it('names every fault at once', async () => {
  const failure = check(executable({ flags: 0, padding: 0 }));
  await expect(failure).rejects.toThrow(/position independent.*; .*no room/);
});

it('asks for exactly the slices that were wanted', async () => {
  await expect(check(executable(), { arm64: '11.0', x86_64: '10.15' })).rejects.toThrow(
    /x86_64: this slice is missing/,
  );
  await expect(check(executable(), {})).rejects.toThrow(/arm64: this slice was not asked for/);
});

it('calls a truncated file malformed, wherever it ends', async () => {
  const whole = executable();
  const commandsEnd = whole.length - 64 - fit.padding;
  for (let length = 4; length < commandsEnd; length++)
    await expect(check(whole.subarray(0, length))).rejects.toMatchObject({ code: 'MALFORMED' });
});
