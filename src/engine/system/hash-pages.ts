import { hash } from 'node:crypto';
import { readBytes, type ByteSource } from '../bytes/source.js';
import { mapConcurrently } from './concurrency.js';
import { digestRange } from './digest-range.js';
import { lanesFor, runFileJob } from './file-pool.js';

/** Bytes hashed by one job: a multiple of every page size. */
const RUN = 4 << 20;

/**
 * Hashes `source` up to `limit` page by page, the last one short. `pageSize` is a power of two up to 1 MiB, or 0 when all
 * is one page.
 * Gives one array of digests, one after the other, for every algorithm. Memory use is constant but for the digests.
 */
export async function hashPages(
  source: ByteSource,
  limit: number,
  pageSize: number,
  algorithms: readonly string[],
): Promise<Uint8Array[]> {
  if (pageSize === 0) return digestRange(source, 0, limit, algorithms);
  const starts = Array.from({ length: Math.ceil(limit / RUN) }, (_, i) => i * RUN);
  const lanes = lanesFor(limit);
  const runs = await mapConcurrently(
    starts,
    async (at) => {
      const length = Math.min(RUN, limit - at);
      const location = lanes > 0 ? source.locate?.(at, length) : undefined;
      if (location) return runFileJob({ kind: 'pages', ...location, length, pageSize, algorithms }, lanes);
      return hashRun(await readBytes(source, at, length), pageSize, algorithms);
    },
    Math.max(1, lanes),
  );
  return algorithms.map((_, i) => new Uint8Array(Buffer.concat(runs.map((run) => run[i]!))));
}

/** Bytes that are in no file: a patch has changed them. */
function hashRun(data: Uint8Array, pageSize: number, algorithms: readonly string[]): Uint8Array[] {
  return algorithms.map((algorithm) => {
    const pages: Buffer[] = [];
    for (let at = 0; at < data.length; at += pageSize) {
      pages.push(hash(algorithm, data.subarray(at, at + pageSize), 'buffer'));
    }
    return Buffer.concat(pages);
  });
}
