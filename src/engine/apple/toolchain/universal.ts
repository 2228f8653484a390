import { concat } from '../../bytes/concat.js';
import { sourceOf } from '../../bytes/source.js';
import { CPU_ARM64 } from '../macho/arch.js';
import { encodeFatHeader, placeSlices } from '../macho/fat.js';
import { readMachO } from '../macho/read.js';

/** Page sizes, as powers of two: slices begin on a page. */
const ALIGN_ARM64 = 14;
const ALIGN_X86_64 = 12;

/** One universal file of several thin Mach-O files, as `lipo -create` makes it. @throws SigningError `NOT_SIGNABLE` */
export async function encodeUniversal(thin: readonly Uint8Array[]): Promise<Uint8Array> {
  const machos = await Promise.all(thin.map((data) => readMachO(sourceOf(data))));
  const placed = placeSlices(
    machos.map(({ cpuType, cpuSubtype, source }) => ({
      cpuType,
      cpuSubtype,
      align: cpuType === CPU_ARM64 ? ALIGN_ARM64 : ALIGN_X86_64,
      size: source.size,
    })),
  );
  let whole = encodeFatHeader(placed);
  placed.forEach(({ offset }, i) => {
    whole = concat(whole, new Uint8Array(offset - whole.length), thin[i]!);
  });
  return whole;
}
