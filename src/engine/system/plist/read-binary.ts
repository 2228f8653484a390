import { checkBounds, layout, OutOfBounds, u64, u8, bytes } from '../../bytes/layout.js';
import { SigningError } from '../error.js';
import { isPlistArray, isPlistDict, Real, wholeNumber, type PlistValue } from './value.js';

// The bplist00 format, as the comment at the head of CoreFoundation's CFBinaryPList.c describes it:
// magic, objects, table of their offsets, and this at the very end.
const TRAILER = layout('the trailer of a binary property list', {
  unused: bytes(6),
  offsetSize: u8,
  referenceSize: u8,
  objectCount: u64,
  top: u64,
  offsetTable: u64,
});

const MAX_DEPTH = 256;
/** Seconds from 1970 to 2001, where CoreFoundation's time begins. */
const EPOCH_2001 = 978_307_200;

const TYPE = {
  simple: 0x0,
  integer: 0x1,
  real: 0x2,
  date: 0x3,
  data: 0x4,
  ascii: 0x5,
  utf16: 0x6,
  uid: 0x8,
  array: 0xa,
  dict: 0xd,
} as const;

/** @throws SigningError `INVALID_PLIST` with the offset */
export function readBinaryPlist(data: Uint8Array, refuseDuplicates: boolean): PlistValue {
  try {
    return new Reader(data, refuseDuplicates).document();
  } catch (error) {
    if (error instanceof OutOfBounds) throw invalid(`is truncated: ${error.message}`);
    throw error;
  }
}

class Reader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  readonly #trailer: ReturnType<typeof TRAILER.read>;
  readonly #refuseDuplicates: boolean;
  /** Writers store equal strings once: a long one with many references must not be decoded for each. */
  readonly #scalars = new Map<number, PlistValue>();
  /** Other objects are referenced about once; shared arrays of shared arrays would unfold without end. */
  #readsLeft: number;

  constructor(data: Uint8Array, refuseDuplicates: boolean) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.length);
    this.#trailer = TRAILER.read(data, data.length - TRAILER.size);
    this.#refuseDuplicates = refuseDuplicates;
    this.#readsLeft = 1000 + 4 * data.length;
  }

  document(): PlistValue {
    return this.#object(this.#trailer.top, 0);
  }

  /** A cycle is a path without end: the depth limit ends it. */
  #object(index: number, depth: number): PlistValue {
    const known = this.#scalars.get(index);
    if (known !== undefined) return known;
    if (depth > MAX_DEPTH) throw invalid(`is nested more than ${MAX_DEPTH} deep, or contains itself`);
    if (this.#readsLeft-- <= 0) throw invalid('unfolds into far more than the file holds');
    if (index >= this.#trailer.objectCount)
      throw invalid(`refers to object ${index}, which it does not have`);
    const { offsetTable, offsetSize } = this.#trailer;
    const at = this.#unsigned(offsetTable + index * offsetSize, offsetSize);
    checkBounds('an object', at, 1, this.#data.length);
    const marker = this.#data[at]!;
    const value = this.#typed(at, marker >> 4, marker & 0xf, depth);
    if (!isPlistArray(value) && !isPlistDict(value)) this.#scalars.set(index, value);
    return value;
  }

  #typed(at: number, type: number, info: number, depth: number): PlistValue {
    switch (type) {
      case TYPE.integer:
        return this.#integer(at + 1, 2 ** info);
      case TYPE.real:
        return new Real(this.#float(at + 1, 2 ** info));
      case TYPE.date:
        return this.#date(at);
      case TYPE.uid: // What a keyed archive refers with; XML shows it in this form.
        return { CF$UID: this.#unsigned(at + 1, info + 1) };
      case TYPE.simple:
        if (info === 8 || info === 9) return info === 9;
        break;
      case TYPE.data:
      case TYPE.ascii:
      case TYPE.utf16:
      case TYPE.array:
      case TYPE.dict:
        return this.#sized(type, ...this.#count(at, info), depth);
    }
    throw invalid(`has an object of unknown type 0x${((type << 4) | info).toString(16)} at offset ${at}`);
  }

  #sized(type: number, at: number, count: number, depth: number): PlistValue {
    switch (type) {
      case TYPE.data:
        return this.#bytes('data', at, count).slice();
      case TYPE.ascii:
        return Buffer.from(this.#bytes('a string', at, count)).toString('latin1');
      case TYPE.utf16:
        return new TextDecoder('utf-16be', { ignoreBOM: true }).decode(
          this.#bytes('a string', at, 2 * count),
        );
      case TYPE.array:
        return this.#references(at, count).map((index) => this.#object(index, depth + 1));
      default:
        return this.#dict(at, count, depth);
    }
  }

  #dict(at: number, count: number, depth: number): PlistValue {
    const dict = Object.create(null) as Record<string, PlistValue>;
    const references = this.#references(at, 2 * count);
    for (let i = 0; i < count; i++) {
      const key = this.#object(references[i]!, depth + 1);
      if (typeof key !== 'string') throw invalid(`has a key that is not a string at offset ${at}`);
      if (this.#refuseDuplicates && key in dict) throw invalid(`has the key ${JSON.stringify(key)} twice`);
      dict[key] = this.#object(references[count + i]!, depth + 1);
    }
    return dict;
  }

  #references(at: number, count: number): number[] {
    const { referenceSize } = this.#trailer;
    checkBounds('a list of objects', at, count * referenceSize, this.#data.length);
    return Array.from({ length: count }, (_, i) => this.#unsigned(at + i * referenceSize, referenceSize));
  }

  /** Where the content begins and how many items it has; 15 says that an integer object with the count follows. */
  #count(at: number, info: number): [at: number, count: number] {
    if (info !== 0xf) return [at + 1, info];
    checkBounds('a count', at + 1, 1, this.#data.length);
    const marker = this.#data[at + 1]!;
    if (marker >> 4 !== TYPE.integer) throw invalid(`has a broken count at offset ${at + 1}`);
    const size = 2 ** (marker & 0xf);
    return [at + 2 + size, this.#unsigned(at + 2, size)];
  }

  /** Up to 4 bytes are unsigned, 8 are signed, and 16 carry what needs 64 bits without a sign. */
  #integer(at: number, size: number): number | bigint {
    if (size < 8) return this.#unsigned(at, size);
    checkBounds('an integer', at, size, this.#data.length);
    if (size === 8) return wholeNumber(this.#view.getBigInt64(at));
    const high = size === 16 ? this.#view.getBigInt64(at) : 1n;
    if (high !== 0n && high !== -1n) throw invalid(`has an integer beyond 64 bits at offset ${at}`);
    return wholeNumber((high << 64n) + this.#view.getBigUint64(at + 8));
  }

  /** XML has four digits for the year. */
  #date(at: number): Date {
    const date = new Date((this.#float(at + 1, 8) + EPOCH_2001) * 1000);
    const year = date.getUTCFullYear();
    if (year >= 0 && year <= 9999) return date;
    throw invalid(`has a date outside of every calendar at offset ${at}`);
  }

  #unsigned(at: number, size: number): number {
    if (size < 1 || size > 8) throw invalid(`has a number of ${size} bytes at offset ${at}`);
    return this.#bytes('a number', at, size).reduce((value, byte) => value * 0x100 + byte, 0);
  }

  #float(at: number, size: number): number {
    checkBounds('a real', at, size, this.#data.length);
    if (size === 4) return this.#view.getFloat32(at);
    if (size === 8) return this.#view.getFloat64(at);
    throw invalid(`has a real of ${size} bytes at offset ${at}`);
  }

  #bytes(what: string, at: number, size: number): Uint8Array {
    checkBounds(what, at, size, this.#data.length);
    return this.#data.subarray(at, at + size);
  }
}

function invalid(what: string): SigningError {
  return new SigningError('INVALID_PLIST', `the binary property list ${what}`, {
    hint: '`plutil -lint` or any property list editor shows whether the file is damaged',
  });
}
