import { mapConcurrently } from './concurrency.js';
import { sizesOf } from './folder.js';
import { lanesFor, runFileJob } from './file-pool.js';

/** Bytes and files in one job: enough to be worth the message, few enough that all lanes end together. */
const BATCH_BYTES = 4 << 20;
const BATCH_FILES = 128;

/** The digests of whole files, for each path and each algorithm, in constant memory. @throws SigningError `NOT_FOUND`, `PERMISSION_DENIED`, `IO` */
export async function digestFiles(
  paths: readonly string[],
  algorithms: readonly string[],
): Promise<Uint8Array[][]> {
  const sizes = sizesOf(paths);
  const lanes = lanesFor(sizes.reduce((sum, size) => sum + size, 0));
  const batches = batchesOf(paths, sizes);
  const results = await mapConcurrently(
    batches,
    (batch) => runFileJob({ kind: 'digests', paths: batch, algorithms }, lanes),
    Math.max(1, lanes),
  );
  return results.flat();
}

/** Neighbors in batches of similar size; their order is kept. */
export function batchesOf<T>(items: readonly T[], sizes: readonly number[]): T[][] {
  const batches: T[][] = [];
  let bytes = Infinity;
  items.forEach((item, i) => {
    if (bytes >= BATCH_BYTES || batches.at(-1)!.length >= BATCH_FILES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(item);
    bytes += sizes[i]!;
  });
  return batches;
}
