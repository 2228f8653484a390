/** A read that would pass the end of the data: the input is truncated or lies about its sizes. */
export class OutOfBounds extends Error {
  override readonly name = 'OutOfBounds';
}

/** Throws `OutOfBounds` unless `length` bytes at `at` lie within `size`. */
export function checkBounds(what: string, at: number, length: number, size: number): void {
  if (at >= 0 && length >= 0 && at + length <= size) return;
  throw new OutOfBounds(`${what} needs ${length} bytes at offset ${at}, but only ${size} bytes are there`);
}

export type Endian = 'big' | 'little';

/** One fixed-size value at a fixed place: how wide it is, and how to get and put it. */
export interface Field<T> {
  readonly size: number;
  get(view: DataView, at: number, littleEndian: boolean): T;
  put(view: DataView, at: number, value: T, littleEndian: boolean): void;
}

export const u8: Field<number> = {
  size: 1,
  get: (view, at) => view.getUint8(at),
  put: (view, at, value) => {
    view.setUint8(at, value);
  },
};
export const u16: Field<number> = {
  size: 2,
  get: (view, at, little) => view.getUint16(at, little),
  put: (view, at, value, little) => {
    view.setUint16(at, value, little);
  },
};
export const u32: Field<number> = {
  size: 4,
  get: (view, at, little) => view.getUint32(at, little),
  put: (view, at, value, little) => {
    view.setUint32(at, value, little);
  },
};
/** A 64-bit count as a number: no file that we can sign is larger than 2^53 bytes. */
export const u64: Field<number> = {
  size: 8,
  get: (view, at, little) => Number(view.getBigUint64(at, little)),
  put: (view, at, value, little) => {
    view.setBigUint64(at, BigInt(value), little);
  },
};

/** Exactly `size` raw bytes; `get` returns a view, never a copy. */
export const bytes = (size: number): Field<Uint8Array> => ({
  size,
  get: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, size),
  put: (view, at, value) => {
    new Uint8Array(view.buffer, view.byteOffset + at, size).set(value);
  },
});

/** `size` bytes of text, ended by the first NUL if there is one. */
export const text = (size: number): Field<string> => ({
  size,
  get: (view, at) => {
    const raw = bytes(size).get(view, at, false);
    const end = raw.indexOf(0);
    return String.fromCharCode(...raw.subarray(0, end < 0 ? size : end));
  },
  put: (view, at, value) => {
    for (let i = 0; i < size; i++) view.setUint8(at + i, i < value.length ? value.charCodeAt(i) & 0xff : 0);
  },
});

type Table = Readonly<Record<string, Field<unknown>>>;
type AnyTable = Readonly<Record<string, { readonly size: number }>>;
type FieldValue<F> = F extends Field<infer V> ? V : never;
export type ValueOf<T> = { [K in keyof T]: FieldValue<T[K]> };

export interface Layout<T> {
  readonly name: string;
  readonly size: number;
  offsetOf(name: keyof T): number;
  read(data: Uint8Array, at?: number, endian?: Endian): ValueOf<T>;
  write(data: Uint8Array, value: ValueOf<T>, at?: number, endian?: Endian): void;
  encode(value: ValueOf<T>, endian?: Endian): Uint8Array;
}

/** Fields in file order, with no padding: the table of the specification, typed. Big-endian unless told otherwise. */
export function layout<const T extends AnyTable>(name: string, fields: T): Layout<T> {
  const table = fields as unknown as Table;
  const offsets = new Map<string, number>();
  let size = 0;
  for (const [key, field] of Object.entries(table)) {
    offsets.set(key, size);
    size += field.size;
  }
  const viewOf = (data: Uint8Array, at: number) => {
    checkBounds(name, at, size, data.length);
    return new DataView(data.buffer, data.byteOffset + at, size);
  };
  return {
    name,
    size,
    offsetOf: (key) => offsets.get(String(key))!,
    read(data, at = 0, endian = 'big') {
      const view = viewOf(data, at);
      const read: Record<string, unknown> = {};
      for (const [key, field] of Object.entries(table))
        read[key] = field.get(view, offsets.get(key)!, endian === 'little');
      return read as ValueOf<T>;
    },
    write(data, value, at = 0, endian = 'big') {
      const view = viewOf(data, at);
      const values = value as Record<string, unknown>;
      for (const [key, field] of Object.entries(table))
        field.put(view, offsets.get(key)!, values[key], endian === 'little');
    },
    encode(value, endian = 'big') {
      const data = new Uint8Array(size);
      this.write(data, value, 0, endian);
      return data;
    },
  };
}
