import { checkBounds } from './layout.js';

/** Random access to bytes that may be far larger than memory. */
export interface ByteSource {
  readonly size: number;
  /** Fills the whole of `into` from offset `at`; throws `OutOfBounds` when that would pass the end. */
  read(at: number, into: Uint8Array): Promise<void>;
  /** The file that holds these very bytes, where there is one: others can then read them without us. */
  locate?(at: number, length: number): Location | undefined;
}

export interface Location {
  readonly path: string;
  readonly at: number;
}

/** `length` bytes at `at` in a new array. The bounds are checked before anything is allocated. */
export async function readBytes(source: ByteSource, at: number, length: number): Promise<Uint8Array> {
  checkBounds('a read', at, length, source.size);
  const data = new Uint8Array(length);
  await source.read(at, data);
  return data;
}

export function sourceOf(data: Uint8Array): ByteSource {
  return {
    size: data.length,
    read: (at, into) => {
      checkBounds('a read', at, into.length, data.length);
      into.set(data.subarray(at, at + into.length));
      return Promise.resolve();
    },
  };
}

/** A window on `source`, with offsets of its own. */
export function sliceOf(source: ByteSource, start: number, size: number): ByteSource {
  checkBounds('a slice', start, size, source.size);
  return {
    size,
    read: async (at, into) => {
      checkBounds('a read', at, into.length, size);
      await source.read(start + at, into);
    },
    locate: (at, length) => source.locate?.(start + at, length),
  };
}
