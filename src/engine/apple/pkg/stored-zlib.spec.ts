import { inflateSync } from 'node:zlib';
import { dataOf } from '../../../../test/fixtures/dmg.js';
import { storeZlib } from './stored-zlib.js';

it.each([0, 1, 65_534, 65_535, 65_536, 200_000])(
  'zlib unpacks what was stored, and agrees with its checksum: %i bytes',
  (size) => {
    const data = dataOf(size);
    expect(inflateSync(storeZlib(data)).equals(data)).toBe(true);
  },
);
