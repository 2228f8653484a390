import { CPUS, machOFile, unknownCommand, type CpuName } from '../../../../test/macho/macho-file.js';
import { OutOfBounds } from '../../bytes/layout.js';
import { sourceOf } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import { machHeader } from './layout.js';
import { readEmbeddedInfoPlist, readMachO } from './read.js';

const read = (data: Uint8Array) => readMachO(sourceOf(data));

describe('when a Mach-O file is read', () => {
  it.each(Object.keys(CPUS) as CpuName[])(
    'its parts are found in any width and byte order: %s',
    async (cpu) => {
      const uuid = Uint8Array.from({ length: 16 }, (_, i) => i);
      const dylibs = ['/usr/lib/libSystem.B.dylib', '@rpath/libé.dylib'];
      const signature = new Uint8Array(40).fill(1);
      const macho = await read(
        machOFile({ cpu, uuid, dylibs: dylibs.slice(0, 1), signature, infoPlist: '<x/>' }),
      );
      expect(macho).toMatchObject({
        arch: cpu,
        endian: CPUS[cpu].endian,
        is64: CPUS[cpu].is64,
        fileType: 2,
        uuid,
        dylibs: dylibs.slice(0, 1),
        version: { platform: 1, minimum: 0x000b0000, sdk: 0x000d0300 },
      });
      expect(macho.segments.map(({ name }) => name)).toEqual(['__TEXT', '__LINKEDIT']);
      expect(macho.segments[0]!.sections.map(({ name }) => name)).toEqual(['__text', '__info_plist']);
      expect(macho.codeSignature).toMatchObject({ offset: macho.source.size - 40, size: 40 });
      expect(new TextDecoder().decode(await readEmbeddedInfoPlist(macho))).toBe('<x/>');
    },
  );

  it('takes the version from the older load command where there is no newer one', async () => {
    const { version } = await read(machOFile({ version: 'minimum', minimum: 0x000a0900 }));
    expect(version).toMatchObject({ platform: 1, minimum: 0x000a0900, sdk: 0x000d0300 });
    await expect(read(machOFile({ version: 'none' }))).resolves.toMatchObject({ version: undefined });
  });

  it('steps over load commands that it does not know', async () => {
    const { dylibs } = await read(machOFile({ dylibs: ['a'], extraCommands: [unknownCommand(72)] }));
    expect(dylibs).toEqual(['a']);
  });
});

describe('when a Mach-O file lies', () => {
  it('refuses it wherever the header is cut', async () => {
    const whole = machOFile({ dylibs: ['/usr/lib/libSystem.B.dylib'] });
    const { header } = await read(whole);
    for (let length = 0; length < header.length; length++) {
      const error: unknown = await read(whole.subarray(0, length)).catch((thrown: unknown) => thrown);
      const isRefused = error instanceof OutOfBounds || error instanceof SigningError;
      expect({ length, isRefused }).toEqual({ length, isRefused: true });
    }
  });

  it.each([
    ['a size of the load commands that would fill the memory', 'commandsSize', 0xfffffff0],
    ['more load commands than there is room for', 'commandCount', 0xffffffff],
  ] as const)('refuses %s', async (_, field, value) => {
    const data = machOFile();
    machHeader.write(data, { ...machHeader.read(data, 0, 'little'), [field]: value }, 0, 'little');
    await expect(read(data)).rejects.toBeInstanceOf(OutOfBounds);
  });

  it.each([
    ['a load command without a size', unknownCommand(8).fill(0, 4)],
    ['a load command past the end of the others', unknownCommand(8).fill(0x70, 4)],
  ])('refuses %s', async (_, command) => {
    await expect(read(machOFile({ extraCommands: [command] }))).rejects.toBeInstanceOf(OutOfBounds);
  });

  it('refuses a second LC_CODE_SIGNATURE: which one counts is for nobody to guess', async () => {
    const second = new Uint8Array(16);
    second.set([0x1d, 0, 0, 0, 16]);
    const data = machOFile({ signature: new Uint8Array(16), extraCommands: [second] });
    await expect(read(data)).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  it('refuses what has another magic, however short', async () => {
    for (const data of [[], [0xfe], [0xcf, 0xfa, 0xed], [0x7f, 0x45, 0x4c, 0x46], [0x4d, 0x5a, 0x90, 0]])
      await expect(read(Uint8Array.from(data))).rejects.toMatchObject({ code: 'NOT_SIGNABLE' });
  });
});
