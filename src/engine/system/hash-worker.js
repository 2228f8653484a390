// A thread that hashes pages of files: it opens them by itself, so that no bytes travel between threads.
// Plain JavaScript, so that it runs unbuilt under the tests as well.
import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const CHUNK = 1 << 20;
const buffer = Buffer.allocUnsafeSlow(CHUNK);

/** @param {import('./hash-pages.js').PageJob} job */
function hashPages({ path, at, length, pageSize, algorithms }) {
  /** @type {Uint8Array[][]} */
  const digests = algorithms.map(() => []);
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < length;) {
      const want = Math.min(CHUNK, length - done);
      let filled = 0;
      while (filled < want) {
        const read = readSync(file, buffer, filled, want - filled, at + done + filled);
        if (read === 0) throw new Error(`${path} became shorter while it was being read`);
        filled += read;
      }
      for (let page = 0; page < want; page += pageSize) {
        const bytes = buffer.subarray(page, Math.min(page + pageSize, want));
        algorithms.forEach((algorithm, i) => digests[i]?.push(hash(algorithm, bytes, 'buffer')));
      }
      done += want;
    }
  } finally {
    closeSync(file);
  }
  return digests.map((list) => new Uint8Array(Buffer.concat(list)));
}

parentPort?.on('message', (/** @type {import('./hash-pages.js').PageJob} */ job) => {
  try {
    parentPort?.postMessage({ digests: hashPages(job) });
  } catch (error) {
    parentPort?.postMessage({ message: error instanceof Error ? error.message : String(error) });
  }
});
