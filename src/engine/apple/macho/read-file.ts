import type { ByteSource } from '../../bytes/source.js';
import type { Patch } from '../../bytes/patch.js';
import type { Compat } from '../compat.js';
import { fatPatches, readFat, type Slice } from './fat.js';
import { readMachO, type MachO } from './read.js';

/** A Mach-O file: one architecture, or several in a universal file. */
export interface MachOFile {
  readonly source: ByteSource;
  /** In the order of the fat header. */
  readonly machos: readonly MachO[];
  /** Where each of `machos` lies; undefined in a thin file. */
  readonly slices: readonly Slice[] | undefined;
}

/** @throws SigningError `NOT_SIGNABLE`, `MALFORMED`, `UNSUPPORTED` */
export async function readMachOFile(source: ByteSource): Promise<MachOFile> {
  const slices = await readFat(source);
  if (!slices) return { source, slices, machos: [await readMachO(source)] };
  const machos: MachO[] = [];
  for (const slice of slices) machos.push(await readMachO(slice.source));
  return { source, slices, machos };
}

/** Since macOS 12 every slice is put on a 16 KiB boundary; before, each kept its own alignment. */
const IN_PROCESS_ALIGN = 14;

/** The patches of each of `file.machos`, as patches of the file. */
export function filePatches(
  file: MachOFile,
  patches: readonly (readonly Patch[])[],
  allocator: Compat['allocator'],
): Patch[] {
  if (!file.slices) return [...patches[0]!];
  const changes = file.slices.map((slice, i) => ({
    slice,
    patches: patches[i]!,
    align: allocator === 'in-process' ? IN_PROCESS_ALIGN : slice.align,
  }));
  return fatPatches(file.source.size, changes);
}
