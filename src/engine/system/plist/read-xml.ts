import { Real, wholeNumber, type PlistValue } from './value.js';
import { XmlScanner, type Tag } from './xml-scanner.js';

const MAX_DEPTH = 256;
const INT64_MIN = -(1n << 63n);
const UINT64_MAX = (1n << 64n) - 1n;

/** @throws SigningError `INVALID_PLIST` with the line */
export function readXmlPlist(text: string, refuseDuplicates: boolean): PlistValue {
  return new Reader(new XmlScanner(text), refuseDuplicates).document();
}

class Reader {
  readonly #xml: XmlScanner;
  readonly #refuseDuplicates: boolean;

  constructor(xml: XmlScanner, refuseDuplicates: boolean) {
    this.#xml = xml;
    this.#refuseDuplicates = refuseDuplicates;
  }

  /** `<plist>` around one value; CoreFoundation reads the bare value as well. */
  document(): PlistValue {
    const first = this.#xml.tag();
    const wrapped = first.name === 'plist' && first.kind === 'open';
    const value = this.#value(wrapped ? this.#xml.tag() : first, 0);
    if (wrapped) this.#xml.close('plist');
    this.#xml.skipMisc();
    if (!this.#xml.atEnd) throw this.#xml.error('goes on after its end');
    return value;
  }

  #value({ name, kind }: Tag, depth: number): PlistValue {
    if (depth > MAX_DEPTH) throw this.#xml.error(`is nested more than ${MAX_DEPTH} deep`);
    if (kind === 'close') throw this.#xml.error(`has a </${name}> where a value belongs`);
    const isEmpty = kind === 'empty';
    switch (name) {
      case 'dict':
        return isEmpty ? emptyDict() : this.#dict(depth);
      case 'array':
        return isEmpty ? [] : this.#array(depth);
      case 'true':
      case 'false':
        if (!isEmpty) this.#xml.close(name);
        return name === 'true';
      default:
        return this.#scalar(name, isEmpty ? '' : this.#xml.text(name));
    }
  }

  #dict(depth: number): PlistValue {
    const dict = emptyDict();
    for (let tag = this.#xml.tag(); ; tag = this.#xml.tag()) {
      if (tag.name === 'dict' && tag.kind === 'close') return dict;
      if (tag.name !== 'key' || tag.kind === 'close')
        throw this.#xml.error('has a <dict> entry without a <key>');
      const key = tag.kind === 'empty' ? '' : this.#xml.text('key');
      if (this.#refuseDuplicates && key in dict)
        throw this.#xml.error(`has the key ${JSON.stringify(key)} twice`);
      dict[key] = this.#value(this.#xml.tag(), depth + 1);
    }
  }

  #array(depth: number): PlistValue {
    const items: PlistValue[] = [];
    for (let tag = this.#xml.tag(); ; tag = this.#xml.tag()) {
      if (tag.name === 'array' && tag.kind === 'close') return items;
      items.push(this.#value(tag, depth + 1));
    }
  }

  #scalar(name: string, text: string): PlistValue {
    if (name === 'string') return text;
    const value = readScalar(name, text.trim());
    if (value !== undefined) return value;
    const known = ['integer', 'real', 'date', 'data'].includes(name);
    throw this.#xml.error(
      known ? `has ${JSON.stringify(text.slice(0, 40))} as <${name}>` : `has the unknown tag <${name}>`,
    );
  }
}

/** Without a prototype, `__proto__` is a key like any other. */
function emptyDict(): Record<string, PlistValue> {
  return Object.create(null) as Record<string, PlistValue>;
}

function readScalar(name: string, text: string): PlistValue | undefined {
  switch (name) {
    case 'integer':
      return readInteger(text);
    case 'real':
      return readReal(text);
    case 'date':
      return readDate(text);
    case 'data':
      return readData(text);
    default:
      return undefined;
  }
}

function readInteger(text: string): number | bigint | undefined {
  const [, sign, digits] = /^([+-]?)(0[xX][0-9a-fA-F]{1,32}|[0-9]{1,64})$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const value = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return value < INT64_MIN || value > UINT64_MAX ? undefined : wholeNumber(value);
}

function readReal(text: string): Real | undefined {
  const [, sign, special] = /^([+-]?)(nan|inf|infinity)$/i.exec(text) ?? [];
  if (special?.toLowerCase() === 'nan') return new Real(NaN);
  if (special !== undefined) return new Real(sign === '-' ? -Infinity : Infinity);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? new Real(Number(text)) : undefined;
}

function readDate(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function readData(text: string): Uint8Array | undefined {
  const base64 = text.replace(/[ \t\r\n]+/g, '');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  return new Uint8Array(Buffer.from(base64, 'base64'));
}
