import { readBytes, sliceOf, type ByteSource } from '../src/engine/bytes/source.js';
import { patchedSource, type Patch } from '../src/engine/bytes/patch.js';
import { equal } from '../src/engine/bytes/concat.js';
import { containerKind } from '../src/engine/apple/macho/fat.js';
import { readMachOFile } from '../src/engine/apple/macho/read-file.js';
import type { MachO } from '../src/engine/apple/macho/read.js';
import { readSignature, type CodeSignature } from '../src/engine/apple/signature/read-signature.js';
import { SLOT } from '../src/engine/apple/signature/magic.js';
import { encodeSuperBlob, type SuperBlob } from '../src/engine/apple/signature/super-blob.js';

/** One signed architecture as it stands in a file. */
export interface StoredSlice {
  readonly macho: MachO;
  readonly signature: CodeSignature;
  /** All that comes before the signature. */
  readonly code: ByteSource;
  readonly signatureSize: number;
}

export async function readSlice(file: ByteSource, index: number): Promise<StoredSlice> {
  const macho = (await readMachOFile(file)).machos[index]!;
  const signature = await readSignature(macho);
  const { offset, size } = macho.codeSignature!;
  return { macho, signature: signature!, code: sliceOf(macho.source, 0, offset), signatureSize: size };
}

/** The signature without what only its signer could make: the CMS. */
export function withoutCms({ slots }: SuperBlob): Uint8Array {
  return encodeSuperBlob(slots.filter(({ slot }) => slot !== SLOT.signature));
}

const CHUNK = 1 << 20;

/** The offset of the first difference; undefined when there is none. */
export async function firstDifference(a: ByteSource, b: ByteSource): Promise<number | undefined> {
  const size = Math.min(a.size, b.size);
  for (let at = 0; at < size; at += CHUNK) {
    const length = Math.min(CHUNK, size - at);
    const [ours, theirs] = [await readBytes(a, at, length), await readBytes(b, at, length)];
    if (!equal(ours, theirs)) return at + ours.findIndex((byte, i) => byte !== theirs[i]);
  }
  return a.size === b.size ? undefined : size;
}

/** As if zeros followed every signature in its room: codesign leaves what was there, and nothing hashes it. */
export async function withoutPadding(file: ByteSource): Promise<ByteSource> {
  const head = await readBytes(file, 0, Math.min(8, file.size));
  if (containerKind(head) === undefined) return file;
  const { machos, slices } = await readMachOFile(file);
  const patches: Patch[] = [];
  for (const [i, macho] of machos.entries()) {
    const signature = await readSignature(macho);
    if (!signature) continue;
    const used = signature.superBlob.length;
    const at = (slices?.[i]?.offset ?? 0) + macho.codeSignature!.offset + used;
    const size = macho.codeSignature!.size - used;
    patches.push({ at, remove: size, put: new Uint8Array(size) });
  }
  return patchedSource(file, patches);
}
