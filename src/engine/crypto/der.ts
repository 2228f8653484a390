import { concat } from '../bytes/concat.js';

// Writing DER (ITU-T X.690). Reading, which has to forgive more, is in ber.ts.

/** Identifier octets of the universal types that certificates and signatures are made of. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One value: identifier octet, length in its shortest form, then the parts one after the other. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((size, part) => size + part.length, 0);
  return concat(Uint8Array.of(tag, ...lengthOctets(length)), ...content);
}

/**
 * Apple's encoder leaves the outer levels of a signature open-ended (X.690 8.1.3.6): length 0x80, then the
 * content, then two zero octets.
 */
export function indefiniteTlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(tag, 0x80), ...content, Uint8Array.of(0, 0));
}

export function sequence(...items: readonly Uint8Array[]): Uint8Array {
  return tlv(TAG.sequence, ...items);
}

/** SET OF: sorted by encoded octets, whatever order they were given in (X.690 11.6). */
export function set(...items: readonly Uint8Array[]): Uint8Array {
  return tlv(TAG.set, ...setOrder(items));
}

/** The order of a SET OF, for those that carry another tag than SET. */
export function setOrder(items: readonly Uint8Array[]): Uint8Array[] {
  return items.toSorted((a, b) => Buffer.compare(a, b));
}

/** A number or bigint of either sign; octets are an unsigned big-endian magnitude. */
export function integer(value: number | bigint | Uint8Array): Uint8Array {
  return tlv(
    TAG.integer,
    value instanceof Uint8Array ? magnitudeOctets(value) : twosComplement(BigInt(value)),
  );
}

/** @param dotted for example `1.2.840.113549.1.7.2` */
export function oid(dotted: string): Uint8Array {
  const [first = 0n, second = 0n, ...others] = dotted.split('.').map(BigInt);
  return tlv(TAG.oid, Uint8Array.from([first * 40n + second, ...others].flatMap(base128)));
}

export function octetString(octets: Uint8Array): Uint8Array {
  return tlv(TAG.octetString, octets);
}

/** @param unusedBits how many of the last octet's low bits do not count, 0 to 7 */
export function bitString(octets: Uint8Array, unusedBits = 0): Uint8Array {
  return tlv(TAG.bitString, Uint8Array.of(unusedBits), octets);
}

export function boolean(value: boolean): Uint8Array {
  return tlv(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
}

export const nullValue = tlv(TAG.null);

export function utf8String(text: string): Uint8Array {
  return tlv(TAG.utf8String, new TextEncoder().encode(text));
}

/** The caller vouches that `text` has no more than the letters, digits and signs of X.680 41.4. */
export function printableString(text: string): Uint8Array {
  return tlv(TAG.printableString, ascii(text));
}

export function ia5String(text: string): Uint8Array {
  return tlv(TAG.ia5String, ascii(text));
}

/** The Time of RFC 5280 4.1.2.5 and RFC 5652 11.3: UTCTime from 1950 to 2049, GeneralizedTime outside; whole seconds. */
export function time(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? tlv(TAG.utcTime, ascii(timeDigits(date).slice(2)))
    : generalizedTime(date);
}

export function generalizedTime(date: Date): Uint8Array {
  return tlv(TAG.generalizedTime, ascii(timeDigits(date)));
}

/** Identifier octet of a context-specific tag: `[number]`, constructed or primitive. */
export function contextTag(number: number, form: 'constructed' | 'primitive' = 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number;
}

/** `[number] EXPLICIT`: the whole value inside a new tag. */
export function explicit(number: number, ...values: readonly Uint8Array[]): Uint8Array {
  return tlv(contextTag(number), ...values);
}

/** `[number] IMPLICIT`: the tag replaced, length and content kept. */
export function implicit(number: number, value: Uint8Array): Uint8Array {
  const constructed = (value[0]! & 0x20) !== 0;
  return concat(
    Uint8Array.of(contextTag(number, constructed ? 'constructed' : 'primitive')),
    value.subarray(1),
  );
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) octets.unshift(rest % 0x100);
  return [0x80 | octets.length, ...octets];
}

function magnitudeOctets(magnitude: Uint8Array): Uint8Array {
  const start = magnitude.findIndex((octet) => octet !== 0);
  if (start < 0) return Uint8Array.of(0);
  const shortest = magnitude.subarray(start);
  return shortest[0]! >= 0x80 ? concat(Uint8Array.of(0), shortest) : shortest;
}

function twosComplement(value: bigint): Uint8Array {
  const octets: number[] = [];
  let rest = value;
  do {
    octets.unshift(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
  } while (rest !== (octets[0]! >= 0x80 ? -1n : 0n));
  return Uint8Array.from(octets);
}

function base128(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)];
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(0x80 | Number(rest & 0x7fn));
  return octets;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function timeDigits(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}
