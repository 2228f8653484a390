import { concat } from '../../bytes/concat.js';
import type { Patch } from '../../bytes/patch.js';
import { digest } from '../../crypto/digest.js';
import { withHeapPlan } from './edit-toc.js';
import { encodeHeader } from './header.js';
import type { HeapPlan } from './heap-plan.js';
import type { Package } from './package.js';
import { storeZlib } from './stored-zlib.js';

/** The new beginning of a package, up to its checksum; what is planned behind that is still to be filled in. */
export interface NewHead {
  readonly header: Uint8Array;
  /** As it will stand in the file: what the checksum covers and the signatures mean. */
  readonly compressedToc: Uint8Array;
  readonly checksum: Uint8Array;
}

export function newHead({ toc, filesStart }: Package, plan: HeapPlan): NewHead {
  const text = new TextEncoder().encode(withHeapPlan(toc, plan, plan.end - filesStart));
  const compressedToc = storeZlib(text);
  return {
    header: encodeHeader(compressedToc.length, text.length, plan.algorithm),
    compressedToc,
    checksum: digest(plan.algorithm, compressedToc),
  };
}

/**
 * The patches that put a new head before the files, which stay as they are. What was stapled goes: a ticket is for one
 * checksum. @param signatures as planned, in their order; shorter ones are filled up with zeros
 */
export function headPatches(
  { source, heapStart, filesStart, trailers }: Package,
  { header, compressedToc, checksum }: NewHead,
  plan: HeapPlan,
  signatures: readonly Uint8Array[],
): Patch[] {
  const heap = new Uint8Array(plan.end);
  heap.set(checksum, plan.checksum.offset);
  plan.signatures.forEach(({ offset }, i) => {
    heap.set(signatures[i]!, offset);
  });
  const head = { at: 0, remove: heapStart + filesStart, put: concat(header, compressedToc, heap) };
  if (!trailers) return [head];
  return [head, { at: trailers.start, remove: source.size - trailers.start, put: new Uint8Array() }];
}
