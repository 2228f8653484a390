import { roundUp } from '../../src/engine/bytes/align.js';
import { FAT_MAGIC, fatArch, fatHeader, machHeader, machMagic } from '../../src/engine/apple/macho/layout.js';

/** Puts thin files side by side. @param align of each slice, a power of two */
export function universalFile(slices: readonly Uint8Array[], align = 12): Uint8Array {
  let end = fatHeader.size + slices.length * fatArch.size;
  const placed = slices.map((slice) => {
    const offset = roundUp(end, 2 ** align);
    end = offset + slice.length;
    return { slice, offset };
  });
  const file = new Uint8Array(end);
  fatHeader.write(file, { magic: FAT_MAGIC, sliceCount: slices.length });
  placed.forEach(({ slice, offset }, i) => {
    const { cpuType, cpuSubtype } = machHeader.read(slice, 0, machMagic(slice)!.endian);
    const entry = { cpuType, cpuSubtype, offset, size: slice.length, align };
    fatArch.write(file, entry, fatHeader.size + i * fatArch.size);
    file.set(slice, offset);
  });
  return file;
}
