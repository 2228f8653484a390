import { roundUp } from '../../bytes/align.js';
import { checkBounds } from '../../bytes/layout.js';
import { patchedSize, type Patch } from '../../bytes/patch.js';
import { readBytes, sliceOf, type ByteSource } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import { archName } from './arch.js';
import { FAT_MAGIC, FAT_MAGIC_64, fatArch, fatHeader, machMagic } from './layout.js';

/** A Java class file begins with the same four bytes; what follows is its version, which no slice count reaches. */
const MAX_SLICES = 30;

/** One architecture in a file, thin or universal. */
export interface Slice {
  readonly arch: string;
  readonly cpuType: number;
  readonly cpuSubtype: number;
  readonly offset: number;
  readonly size: number;
  /** A power of two; 0 in a thin file. */
  readonly align: number;
  readonly source: ByteSource;
}

/** Tells universal files from thin ones by their magic; undefined for anything that is no Mach-O. */
export function containerKind(head: Uint8Array): 'thin' | 'fat' | 'fat64' | undefined {
  if (machMagic(head)) return 'thin';
  if (head.length < fatHeader.size) return undefined;
  const { magic, sliceCount } = fatHeader.read(head);
  if (sliceCount === 0 || sliceCount > MAX_SLICES) return undefined;
  if (magic === FAT_MAGIC) return 'fat';
  return magic === FAT_MAGIC_64 ? 'fat64' : undefined;
}

/** The slices of a universal file in the order of its header; undefined when `source` is thin. @throws SigningError `MALFORMED`, `UNSUPPORTED`, `NOT_SIGNABLE` */
export async function readFat(source: ByteSource): Promise<readonly Slice[] | undefined> {
  const kind = containerKind(await readBytes(source, 0, Math.min(source.size, fatHeader.size)));
  switch (kind) {
    case 'thin':
      return undefined;
    case 'fat':
      return readSlices(source);
    case 'fat64':
      throw new SigningError(
        'UNSUPPORTED',
        'universal files with 64-bit offsets (FAT_MAGIC_64) cannot be signed',
        {
          hint: "Apple's codesign refuses them too: make the file with lipo and without -fat64",
        },
      );
    case undefined:
      throw new SigningError('NOT_SIGNABLE', 'this is not a Mach-O file');
  }
}

async function readSlices(source: ByteSource): Promise<readonly Slice[]> {
  const { sliceCount } = fatHeader.read(await readBytes(source, 0, fatHeader.size));
  const table = await readBytes(source, fatHeader.size, sliceCount * fatArch.size);
  const slices = Array.from({ length: sliceCount }, (_, i) => {
    const { cpuType, cpuSubtype, offset, size, align } = fatArch.read(table, i * fatArch.size);
    const arch = archName(cpuType, cpuSubtype);
    checkBounds(`the ${arch} slice`, offset, size, source.size);
    return { arch, cpuType, cpuSubtype, offset, size, align, source: sliceOf(source, offset, size) };
  });
  checkForOverlap(slices, fatHeader.size + table.length);
  return slices;
}

/** Overlapping slices would make one patch undo another. */
function checkForOverlap(slices: readonly Slice[], headerEnd: number): void {
  let end = headerEnd;
  for (const slice of inFileOrder(slices)) {
    if (slice.offset < end)
      throw new SigningError('MALFORMED', `the ${slice.arch} slice overlaps what comes before it`);
    end = slice.offset + slice.size;
  }
}

function inFileOrder<T extends { readonly offset: number }>(slices: readonly T[]): T[] {
  return slices.toSorted((a, b) => a.offset - b.offset);
}

export interface PlacedSlice {
  readonly cpuType: number;
  readonly cpuSubtype: number;
  readonly align: number;
  readonly size: number;
  readonly offset: number;
}

/** Gives every slice its offset: the end of the one before, rounded up to its alignment. */
export function placeSlices(slices: readonly Omit<PlacedSlice, 'offset'>[]): PlacedSlice[] {
  let end = fatHeader.size + slices.length * fatArch.size;
  return slices.map((slice) => {
    const offset = roundUp(end, 2 ** slice.align);
    end = offset + slice.size;
    if (end > 0xffffffff) {
      throw new SigningError('UNSUPPORTED', 'the universal file would be larger than 4 GiB', {
        hint: 'ship one file per architecture',
      });
    }
    return { ...slice, offset };
  });
}

export function encodeFatHeader(slices: readonly PlacedSlice[]): Uint8Array {
  const header = new Uint8Array(fatHeader.size + slices.length * fatArch.size);
  fatHeader.write(header, { magic: FAT_MAGIC, sliceCount: slices.length });
  slices.forEach((slice, i) => {
    fatArch.write(header, slice, fatHeader.size + i * fatArch.size);
  });
  return header;
}

/** What changes in one slice; offsets count from its start. */
export interface SliceChange {
  readonly slice: Slice;
  readonly patches: readonly Patch[];
  readonly align: number;
}

/** Patches of slices as patches of the universal file: slices that grow push those behind them on. */
export function fatPatches(fileSize: number, changes: readonly SliceChange[]): Patch[] {
  const ordered = changes.toSorted((a, b) => a.slice.offset - b.slice.offset);
  const sizes = ordered.map(({ slice, patches, align }) => ({
    ...slice,
    align,
    size: patchedSize(slice.size, patches),
  }));
  const placed = placeSlices(sizes);
  const header = encodeFatHeader(changes.map((change) => placed[ordered.indexOf(change)]!));
  const patches: Patch[] = [{ at: 0, remove: header.length, put: header }];
  let oldEnd = header.length;
  let newEnd = header.length;
  ordered.forEach(({ slice, patches: own }, i) => {
    const { offset, size } = placed[i]!;
    patches.push({ at: oldEnd, remove: slice.offset - oldEnd, put: new Uint8Array(offset - newEnd) });
    patches.push(...own.map((patch) => ({ ...patch, at: slice.offset + patch.at })));
    oldEnd = slice.offset + slice.size;
    newEnd = offset + size;
  });
  return [...patches, { at: oldEnd, remove: fileSize - oldEnd, put: new Uint8Array() }];
}
