import { createHash } from 'node:crypto';
import { dataOf } from '../../../test/fixtures/dmg.js';
import { sourceOf } from '../bytes/source.js';
import { digestRange } from './digest-range.js';

const MiB = 1 << 20;
const data = dataOf(3 * MiB + 10);

it.each([
  [0, 0],
  [5, 1],
  [0, MiB],
  [7, MiB + 1],
  [1, 3 * MiB],
  [0, data.length],
])('is what one call of a hash gives: %i, %i bytes', async (at, length) => {
  const algorithms = ['sha256', 'sha1'];
  const digests = await digestRange(sourceOf(data), at, length, algorithms);
  const expected = algorithms.map((name) =>
    createHash(name)
      .update(data.subarray(at, at + length))
      .digest('hex'),
  );
  expect(digests.map((each) => Buffer.from(each).toString('hex'))).toEqual(expected);
});

it('never reads past the end', async () => {
  await expect(digestRange(sourceOf(data), data.length, 1, ['sha1'])).rejects.toThrow(
    'a digest needs 1 bytes',
  );
});
