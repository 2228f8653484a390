import { concat } from '../../src/engine/bytes/concat.js';
import type { SeededRandom } from '../seeded-random.js';

export interface Mutant {
  readonly data: Uint8Array;
  /** In words, to find it again. */
  readonly what: string;
}

/** Values at which readers stumble: the edges of signed and unsigned numbers, and sizes just past the end. */
export const EDGES: readonly number[] = [
  0, 1, 2, 7, 8, 40, 200, 3000, 0x7fff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
];

/** One change of a kind and place that `random` chooses; headers and signatures get more than their share. */
export function mutate(original: Uint8Array, random: SeededRandom): Mutant {
  const kind = random.pick([
    'byte',
    'byte',
    'number',
    'number',
    'number',
    'bit',
    'cut',
    'zeros',
    'twice',
  ] as const);
  const at = placeIn(original, random);
  const data = original.slice();
  const view = new DataView(data.buffer);
  const what = `${kind} at ${at}`;
  switch (kind) {
    case 'byte':
      data[at] = random.below(256);
      return { data, what };
    case 'bit':
      data[at]! ^= 1 << random.below(8);
      return { data, what };
    case 'number': {
      const value = random.pick([...EDGES, original.length - 4, original.length + 1]);
      const aligned = Math.min(at & ~3, data.length - 4);
      view.setUint32(aligned, value, random.below(2) === 0);
      return { data, what: `${value} at ${aligned}` };
    }
    case 'cut':
      return { data: data.subarray(0, at), what };
    case 'zeros':
      return { data: data.fill(0, at, at + 1 + random.below(64)), what };
    case 'twice': {
      const end = at + 1 + random.below(64);
      return { data: concat(data.subarray(0, end), data.subarray(at)), what };
    }
  }
}

const HEADER = 1024;

/** A third of the places lie in the header, a third in what has most structure behind it, the end. */
function placeIn({ length }: Uint8Array, random: SeededRandom): number {
  const size = Math.min(length, random.pick([HEADER, 20_000, length]));
  return random.pick([true, true, false]) ? random.below(size) : length - 1 - random.below(size);
}
