import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../../test/seeded-random.js';
import { temporaryFolders } from '../../../test/temporary-folder.js';
import { patchedSource } from '../bytes/patch.js';
import { sourceOf } from '../bytes/source.js';
import { withSource } from './files.js';
import { hashPages } from './hash-pages.js';

const newFolder = temporaryFolders('hash-pages');
const random = seededRandom(7);
/** Larger than a run of pages, and not a multiple of anything. */
const data = Buffer.concat(Array.from({ length: 331 }, () => random.bytes(30_011)));

/** By node:crypto, page by page. */
function expected(bytes: Uint8Array, limit: number, pageSize: number, algorithm: string): Uint8Array {
  const pages: Buffer[] = [];
  for (let at = 0; at < limit; at += pageSize)
    pages.push(
      createHash(algorithm)
        .update(bytes.subarray(at, Math.min(at + pageSize, limit)))
        .digest(),
    );
  return new Uint8Array(Buffer.concat(pages));
}

describe('when code is hashed page by page', () => {
  it.each([
    [0, 4096],
    [1, 4096],
    [4096, 4096],
    [4097, 4096],
    [data.length, 4096],
    [data.length, 16384],
    [data.length - 5, 1 << 20],
  ])('the last page may be short: %s bytes, pages of %s', async (limit, pageSize) => {
    const hashes = await hashPages(sourceOf(data), limit, pageSize, ['sha1', 'sha256']);
    expect(hashes).toEqual(['sha1', 'sha256'].map((each) => expected(data, limit, pageSize, each)));
  });

  it('without a page size, all is one page, however long', async () => {
    const [hash] = await hashPages(sourceOf(data), data.length, 0, ['sha256']);
    expect(hash).toEqual(new Uint8Array(createHash('sha256').update(data).digest()));
  });

  it('by threads that read the file themselves, it comes out the same, patched parts included', async () => {
    const large = Buffer.concat([data, data]);
    const path = join(newFolder(), 'large');
    writeFileSync(path, large);
    const patches = [{ at: 5_000_000, remove: 3, put: Uint8Array.of(1, 2, 3) }];
    const patched = Buffer.from(large);
    patched.set([1, 2, 3], 5_000_000);
    await withSource(path, async (source) => {
      const hashes = await hashPages(patchedSource(source, patches), large.length, 4096, ['sha256', 'sha1']);
      expect(hashes).toEqual(['sha256', 'sha1'].map((each) => expected(patched, large.length, 4096, each)));
    });
  });

  it('a file that has become shorter is an error, not a wrong hash', async () => {
    const path = join(newFolder(), 'shrinking');
    writeFileSync(path, Buffer.concat([data, data]));
    await withSource(path, async (source) => {
      writeFileSync(path, data.subarray(0, 1000));
      await expect(hashPages(source, source.size, 4096, ['sha256'])).rejects.toMatchObject({ code: 'IO' });
    });
  });
});
