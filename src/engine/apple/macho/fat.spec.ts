import fc from 'fast-check';
import { machOFile } from '../../../../test/macho/macho-file.js';
import { universalFile } from '../../../../test/macho/universal-file.js';
import { refusal } from '../../../../test/refusal.js';
import { OutOfBounds } from '../../bytes/layout.js';
import { patchedSource } from '../../bytes/patch.js';
import { readBytes, sourceOf } from '../../bytes/source.js';
import { containerKind, fatPatches, placeSlices, readFat } from './fat.js';
import { fatArch, fatHeader } from './layout.js';

const arm = machOFile({ codeSize: 100 });
const intel = machOFile({ cpu: 'x86_64', codeSize: 300 });
const power = machOFile({ cpu: 'ppc', codeSize: 50 });
const read = (data: Uint8Array) => readFat(sourceOf(data));

/** A Java class begins with the magic of universal files; version 52 stands where the slices are counted. */
const JAVA_CLASS = Uint8Array.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52, 0, 15, 10, 0, 3, 0, 12, 7]);

describe('when a universal file is read', () => {
  it('its slices keep the order of the header', async () => {
    const slices = await read(universalFile([power, arm, intel]));
    expect(slices?.map(({ arch, size }) => [arch, size])).toEqual([
      ['ppc', power.length],
      ['arm64', arm.length],
      ['x86_64', intel.length],
    ]);
    expect(await readBytes(slices![1]!.source, 0, arm.length)).toEqual(arm);
  });

  it('a thin file is none', async () => {
    await expect(read(arm)).resolves.toBeUndefined();
  });

  it.each([
    ['a Java class', JAVA_CLASS],
    ['a universal file without slices', Uint8Array.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0])],
    ['an empty file', new Uint8Array()],
    ['a script', new TextEncoder().encode('#!/bin/sh\n')],
  ])('%s is no Mach-O', async (_, data) => {
    expect(containerKind(data)).toBeUndefined();
    await expect(read(data)).rejects.toMatchObject({ code: 'NOT_SIGNABLE' });
  });

  it('64-bit offsets are named as what is not supported', async () => {
    const data = universalFile([arm]);
    data[3] = 0xbf;
    await expect(read(data)).rejects.toEqual(refusal('UNSUPPORTED', 'FAT_MAGIC_64', 'lipo'));
  });

  it('a slice that lies outside the file is refused, and one that lies over another', async () => {
    const outside = universalFile([arm, intel]);
    await expect(read(outside.subarray(0, -1))).rejects.toBeInstanceOf(OutOfBounds);
    const overlapping = universalFile([arm, intel]);
    const second = fatHeader.size + fatArch.size;
    const entry = fatArch.read(overlapping, second);
    fatArch.write(overlapping, { ...entry, offset: entry.offset - 4096 }, second);
    await expect(read(overlapping)).rejects.toMatchObject({ code: 'MALFORMED' });
    fatArch.write(overlapping, { ...entry, offset: 4 }, second);
    await expect(read(overlapping)).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});

describe('when slices change', () => {
  it('each keeps its bytes at an aligned place, whatever grows or shrinks before it', async () => {
    const change = fc.record({ at: fc.nat(90), remove: fc.nat(20), put: fc.uint8Array({ maxLength: 9000 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 3, maxLength: 3 }),
        fc.boolean(),
        async (patches, isReversed) => {
          const order = isReversed ? [intel, arm, power] : [power, arm, intel];
          const source = sourceOf(universalFile(order));
          const slices = (await readFat(source))!;
          const changes = slices.map((slice, i) => ({ slice, patches: [patches[i]!], align: 14 }));
          const patched = patchedSource(source, fatPatches(source.size, changes));
          const after = (await readFat(patched))!;
          for (const [i, slice] of after.entries()) {
            const { at, remove, put } = patches[i]!;
            const wanted = Buffer.concat([order[i]!.subarray(0, at), put, order[i]!.subarray(at + remove)]);
            expect(slice.offset % 2 ** 14).toBe(0);
            expect(wanted.equals(await readBytes(slice.source, 0, slice.size))).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a file of more than 4 GiB is refused: its offsets have 32 bits', () => {
    const half = { cpuType: 7, cpuSubtype: 3, align: 14, size: 0x80000000 };
    expect(() => placeSlices([half, half])).toThrow(refusal('UNSUPPORTED'));
  });
});
