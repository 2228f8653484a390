import { createHash } from 'node:crypto';
import { withSource } from './files.js';

const CHUNK = 1 << 20;

/** The digests of a whole file, read once and in constant memory. @throws SigningError as `openSource` does */
export async function digestFile(path: string, algorithms: readonly string[]): Promise<Uint8Array[]> {
  return withSource(path, async (source) => {
    const hashes = algorithms.map((algorithm) => createHash(algorithm));
    const buffer = new Uint8Array(Math.min(CHUNK, source.size));
    for (let at = 0; at < source.size; at += CHUNK) {
      const chunk = buffer.subarray(0, Math.min(CHUNK, source.size - at));
      await source.read(at, chunk);
      for (const each of hashes) each.update(chunk);
    }
    return hashes.map((each) => new Uint8Array(each.digest()));
  });
}
