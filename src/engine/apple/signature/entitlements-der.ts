import {
  childrenOf,
  decoding,
  expectTag,
  Fields,
  malformed,
  readBoolean,
  readOnly,
  readSmallInteger,
  sequenceFields,
  type BerNode,
} from '../../crypto/ber.js';
import { boolean, contextTag, integer, sequence, TAG, tlv, utf8String } from '../../crypto/der.js';
import { SigningError } from '../../system/error.js';
import {
  isDate,
  isPlistArray,
  Real,
  wholeNumber,
  type PlistDict,
  type PlistValue,
} from '../../system/plist/value.js';

// The second form of entitlements, which the kernel reads since macOS 12 and iOS 15. Learned from signatures that
// Apple's codesign made: version 1 and a dictionary inside [APPLICATION 16], dictionaries as [16], entries sorted by
// the bytes of their keys.
const ENTITLEMENTS = 0x70;
const DICTIONARY = contextTag(16);
const VERSION = 1;

const INT64_MIN = -(1n << 63n);
const INT64_MAX = (1n << 63n) - 1n;
const MAX_DEPTH = 256;

/** @throws SigningError `INVALID_ENTITLEMENTS` that names the key of what DER cannot carry: data, dates and reals */
export function entitlementsDer(value: PlistDict): Uint8Array {
  return tlv(ENTITLEMENTS, integer(VERSION), encodeDict(value, ''));
}

/** @throws SigningError `MALFORMED` */
export function readEntitlementsDer(der: Uint8Array): PlistDict {
  return decoding('the DER form of the entitlements', () => {
    const fields = new Fields(expectTag(readOnly(der), ENTITLEMENTS));
    const version = readSmallInteger(fields.take(TAG.integer));
    if (version !== VERSION) throw malformed(`its version ${version} is unknown`);
    const dict = readDict(fields.take(DICTIONARY, TAG.set), 0);
    if (fields.rest().length > 0) throw malformed('more follows after its dictionary');
    return dict;
  });
}

function encodeValue(value: PlistValue, path: string): Uint8Array {
  if (typeof value === 'boolean') return boolean(value);
  if (typeof value === 'string') return utf8String(value);
  if (typeof value === 'number' || typeof value === 'bigint') return encodeInteger(BigInt(value), path);
  if (isPlistArray(value)) return sequence(...value.map((item, i) => encodeValue(item, `${path}[${i}]`)));
  if (value instanceof Uint8Array) throw unsupported(path, 'data');
  if (value instanceof Real) throw unsupported(path, 'a real number');
  if (isDate(value)) throw unsupported(path, 'a date');
  return encodeDict(value, path);
}

function encodeInteger(value: bigint, path: string): Uint8Array {
  if (value < INT64_MIN || value > INT64_MAX) throw unsupported(path, 'an integer beyond 64 bits');
  return integer(value);
}

function encodeDict(dict: PlistDict, path: string): Uint8Array {
  const entries = Object.entries(dict)
    .map(([key, value]) => ({ key, value, bytes: Buffer.from(key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  return tlv(
    DICTIONARY,
    ...entries.map(({ key, value }) =>
      sequence(utf8String(key), encodeValue(value, path === '' ? key : `${path}.${key}`)),
    ),
  );
}

function unsupported(path: string, what: string): SigningError {
  return new SigningError(
    'INVALID_ENTITLEMENTS',
    `the entitlement ${path} is ${what}, which DER cannot carry`,
    {
      hint: 'use booleans, strings, integers, arrays and dictionaries of these',
    },
  );
}

function readValue(node: BerNode, depth: number): PlistValue {
  if (depth > MAX_DEPTH) throw malformed(`it is nested more than ${MAX_DEPTH} deep`);
  switch (node.tag) {
    case TAG.boolean:
      return readBoolean(node);
    case TAG.integer:
      return readInteger(node.content);
    case TAG.utf8String:
      return readText(node);
    case TAG.sequence:
      return childrenOf(node).map((item) => readValue(item, depth + 1));
    case DICTIONARY:
    case TAG.set:
      return readDict(node, depth);
    default:
      throw malformed(`a value of tag 0x${node.tag.toString(16)}`);
  }
}

/** Some of Apple's files have a SET where others have the tag [16]. */
function readDict(node: BerNode, depth: number): PlistDict {
  const dict = Object.create(null) as Record<string, PlistValue>;
  for (const entry of childrenOf(node)) {
    const fields = sequenceFields(entry);
    const key = readText(fields.take(TAG.utf8String));
    if (key in dict) throw malformed(`the key ${JSON.stringify(key)} stands there twice`);
    dict[key] = readValue(fields.take(), depth + 1);
    if (fields.rest().length > 0) throw malformed(`the key ${JSON.stringify(key)} has two values`);
  }
  return dict;
}

function readInteger(content: Uint8Array): number | bigint {
  if (content.length === 0 || content.length > 8) throw malformed(`an integer of ${content.length} octets`);
  const magnitude = content.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
  return wholeNumber(BigInt.asIntN(8 * content.length, magnitude));
}

function readText(node: BerNode): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(node.content);
  } catch {
    throw malformed('a text is not UTF-8');
  }
}
