import { sliceOf, type ByteSource } from '../../bytes/source.js';
import type { Slice } from './fat.js';
import { fatArch, fatHeader } from './layout.js';
import type { MachOFile } from './read-file.js';

/** Data in a file that no signature of it can cover: a program may read there what nobody has signed. */
export interface UncoveredData {
  /** Undefined when it lies in no architecture. */
  readonly arch: string | undefined;
  readonly what: string;
}

/** What macOS calls suspicious (macho++.cpp, MachO::validateStructure and Universal): nothing follows, and gaps are zero. */
export async function uncoveredData({ source, machos, slices }: MachOFile): Promise<UncoveredData[]> {
  const appended = machos.flatMap(({ arch, codeSignature, source: { size } }) => {
    const more = codeSignature ? size - codeSignature.offset - codeSignature.size : 0;
    return more > 0 ? [{ arch, what: `${more} bytes follow its signature` }] : [];
  });
  return slices ? [...appended, ...(await betweenSlices(source, slices))] : appended;
}

async function betweenSlices(source: ByteSource, slices: readonly Slice[]): Promise<UncoveredData[]> {
  const found: UncoveredData[] = [];
  let end = fatHeader.size + slices.length * fatArch.size;
  for (const { arch, offset, size } of slices.toSorted((a, b) => a.offset - b.offset)) {
    if (!(await isZero(sliceOf(source, end, offset - end))))
      found.push({ arch: undefined, what: `there is something in front of the ${arch} architecture` });
    end = offset + size;
  }
  if (end < source.size)
    found.push({ arch: undefined, what: `${source.size - end} bytes follow the last architecture` });
  return found;
}

const CHUNK = 1 << 16;

async function isZero(source: ByteSource): Promise<boolean> {
  const buffer = new Uint8Array(Math.min(CHUNK, source.size));
  for (let at = 0; at < source.size; at += CHUNK) {
    const chunk = buffer.subarray(0, source.size - at);
    await source.read(at, chunk);
    if (chunk.some((byte) => byte !== 0)) return false;
  }
  return true;
}
