import { checkBounds } from './layout.js';
import type { ByteSource } from './source.js';

/** At offset `at` of the original, `remove` bytes give way to the bytes of `put`. Signing returns these and never writes. */
export interface Patch {
  readonly at: number;
  readonly remove: number;
  readonly put: Uint8Array;
}

/** A run of the patched bytes: either still the original's, from offset `from`, or new ones. */
export interface Run {
  readonly at: number;
  readonly length: number;
  readonly from: number | Uint8Array;
}

/** The patched bytes as runs, in order. Patches must not overlap; their order does not matter. */
export function runsOf(size: number, patches: readonly Patch[]): Run[] {
  const runs: Run[] = [];
  let from = 0;
  let at = 0;
  const push = (length: number, what: number | Uint8Array) => {
    if (length > 0) runs.push({ at, length, from: what });
    at += length;
  };
  for (const patch of patches.toSorted((a, b) => a.at - b.at)) {
    if (patch.at < from) throw new Error(`patches overlap at offset ${patch.at}`);
    checkBounds('a patch', patch.at, patch.remove, size);
    push(patch.at - from, from);
    push(patch.put.length, patch.put);
    from = patch.at + patch.remove;
  }
  push(size - from, from);
  return runs;
}

export function patchedSize(size: number, patches: readonly Patch[]): number {
  return patches.reduce((total, patch) => total + patch.put.length - patch.remove, size);
}

/** Reads as if `patches` had been applied to `source`. */
export function patchedSource(source: ByteSource, patches: readonly Patch[]): ByteSource {
  const size = patchedSize(source.size, patches);
  const runs = runsOf(source.size, patches);
  return {
    size,
    async read(at, into) {
      checkBounds('a read', at, into.length, size);
      const end = at + into.length;
      for (const run of runs) {
        const start = Math.max(at, run.at);
        const stop = Math.min(end, run.at + run.length);
        if (start >= stop) continue;
        const target = into.subarray(start - at, stop - at);
        if (typeof run.from === 'number') await source.read(run.from + start - run.at, target);
        else target.set(run.from.subarray(start - run.at, stop - run.at));
      }
    },
    locate(at, length) {
      const run = runs.find((each) => at >= each.at && at + length <= each.at + each.length);
      return typeof run?.from === 'number' ? source.locate?.(run.from + at - run.at, length) : undefined;
    },
  };
}
