import { createHash } from 'node:crypto';
import { checkBounds } from '../bytes/layout.js';
import type { ByteSource } from '../bytes/source.js';

const CHUNK = 1 << 20;

/**
 * The digests of `length` bytes from `at`, for each algorithm, read once and in constant memory.
 * @throws OutOfBounds when they would pass the end; SigningError as the source does
 */
export async function digestRange(
  source: ByteSource,
  at: number,
  length: number,
  algorithms: readonly string[],
): Promise<Uint8Array[]> {
  checkBounds('a digest', at, length, source.size);
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  const buffers = [0, 1].map(() => new Uint8Array(Math.min(CHUNK, length))) as [Uint8Array, Uint8Array];
  const readChunk = async (done: number) => {
    const chunk = buffers[(done / CHUNK) & 1]!.subarray(0, Math.min(CHUNK, length - done));
    await source.read(at + done, chunk);
    return chunk;
  };
  // The next chunk is on its way while this one is being hashed.
  let reading = length > 0 ? readChunk(0) : undefined;
  for (let done = 0; reading !== undefined; done += CHUNK) {
    const chunk = await reading;
    reading = done + CHUNK < length ? readChunk(done + CHUNK) : undefined;
    for (const each of hashes) each.update(chunk);
  }
  return hashes.map((each) => new Uint8Array(each.digest()));
}
