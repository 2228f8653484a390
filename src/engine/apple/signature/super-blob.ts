import { concat } from '../../bytes/concat.js';
import { checkBounds, layout, OutOfBounds, u32 } from '../../bytes/layout.js';
import { blobAt } from './blob.js';
import { MAGIC } from './magic.js';

const superBlob = layout('SuperBlob', { magic: u32, length: u32, count: u32 });
const indexEntry = layout('BlobIndex', { type: u32, offset: u32 });

export interface SlotBlob {
  readonly slot: number;
  readonly blob: Uint8Array;
}

/** Bytes before the first blob. */
export function superBlobHeadSize(count: number): number {
  return superBlob.size + count * indexEntry.size;
}

/** Index sorted by slot, blobs packed in the same order without padding, as Apple's writer does. */
export function encodeSuperBlob(
  slots: readonly SlotBlob[],
  magic: number = MAGIC.embeddedSignature,
): Uint8Array {
  const sorted = slots.toSorted((a, b) => a.slot - b.slot);
  const head = new Uint8Array(superBlobHeadSize(sorted.length));
  let offset = head.length;
  sorted.forEach(({ slot, blob }, i) => {
    indexEntry.write(head, { type: slot, offset }, superBlob.size + i * indexEntry.size);
    offset += blob.length;
  });
  superBlob.write(head, { magic, length: offset, count: sorted.length });
  return concat(head, ...sorted.map(({ blob }) => blob));
}

export interface SuperBlob {
  readonly magic: number;
  /** Its own length; what follows in a Mach-O is padding, and in files that were signed twice it is not always zero. */
  readonly length: number;
  readonly slots: readonly SlotBlob[];
}

/** @throws OutOfBounds when an index entry or a blob does not lie within the super blob */
export function decodeSuperBlob(data: Uint8Array): SuperBlob {
  const { magic, length, count } = superBlob.read(data);
  checkBounds('the code signature', 0, length, data.length);
  checkBounds('the index of the code signature', superBlob.size, count * indexEntry.size, length);
  const whole = data.subarray(0, length);
  const slots = Array.from({ length: count }, (_, i) => {
    const { type, offset } = indexEntry.read(whole, superBlob.size + i * indexEntry.size);
    if (offset < superBlobHeadSize(count)) throw new OutOfBounds(`slot ${type} lies within the index`);
    return { slot: type, blob: blobAt(whole, offset).blob };
  });
  return { magic, length, slots };
}

export function blobIn(superBlob: SuperBlob, slot: number): Uint8Array | undefined {
  return superBlob.slots.find((each) => each.slot === slot)?.blob;
}
