import fc from 'fast-check';
import { fromHex, toHex } from '../bytes/hex.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { OpensslPki } from '../../../test/oracles/openssl-pki.js';
import {
  bitString,
  boolean,
  contextTag,
  explicit,
  generalizedTime,
  ia5String,
  implicit,
  indefiniteTlv,
  integer,
  nullValue,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  TAG,
  time,
  tlv,
  utf8String,
} from './der.js';

const octets = (hex: string) => fromHex(hex)!;

describe('when encoding values', () => {
  // X.690 8.3, 8.19.5 and the integers of its customary examples.
  it.each([
    [0, '020100'],
    [127, '02017f'],
    [128, '02020080'],
    [256, '02020100'],
    [-1, '0201ff'],
    [-128, '020180'],
    [-129, '0202ff7f'],
    [2n ** 64n, '0209010000000000000000'],
    [octets('00007f'), '02017f'],
    [octets('80'), '02020080'],
    [octets(''), '020100'],
  ])('writes the integer %p in its shortest form', (value, hex) => {
    expect(toHex(integer(value))).toBe(hex);
  });

  it.each([
    ['2.999.3', '0603883703'],
    ['1.2.840.113549.1.7.2', '06092a864886f70d010702'],
    ['2.5.29.15', '0603551d0f'],
    ['0.9.2342.19200300.100.1.1', '060a0992268993f22c640101'],
  ])('writes the object identifier %s', (dotted, hex) => {
    expect(toHex(oid(dotted))).toBe(hex);
  });

  it.each([
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65536, '0483010000'],
  ])('writes the length %d in as few octets as it needs', (size, hex) => {
    expect(toHex(octetString(new Uint8Array(size)).subarray(0, hex.length / 2))).toBe(hex);
  });

  it('sorts the members of a set by their octets', () => {
    const members = ['0402ffff', '0401ff', '020103', '0400'].map(octets);
    expect(toHex(set(...members))).toBe('310c' + '020103' + '0400' + '0401ff' + '0402ffff');
  });

  it('leaves an indefinite length open and closes it with two zeros', () => {
    expect(toHex(indefiniteTlv(TAG.sequence, nullValue))).toBe('308005000000');
  });

  it('wraps with an explicit tag and replaces with an implicit one, which keeps the form', () => {
    expect(toHex(explicit(0, integer(2)))).toBe('a003020102');
    expect(toHex(implicit(1, set(nullValue)))).toBe('a1020500');
    expect(toHex(implicit(0, octetString(octets('ab'))))).toBe('8001ab');
    expect(contextTag(3)).toBe(0xa3);
  });

  it('writes UTCTime from 1950 to 2049 and GeneralizedTime outside', () => {
    const text = (encoded: Uint8Array) => Buffer.from(encoded.subarray(2)).toString('latin1');
    expect(text(time(new Date('2049-12-31T23:59:59.900Z')))).toBe('491231235959Z');
    expect(text(time(new Date('1950-01-01T00:00:00Z')))).toBe('500101000000Z');
    expect(text(time(new Date('2050-01-01T00:00:00Z')))).toBe('20500101000000Z');
    expect(text(time(new Date('1949-12-31T00:00:00Z')))).toBe('19491231000000Z');
  });

  it('writes any integer so that two’s complement reads it back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (value) => {
        const content = integer(value).subarray(2);
        expect(BigInt.asIntN(content.length * 8, BigInt(`0x${toHex(content)}`))).toBe(value);
      }),
    );
  });
});

describeWithOracle('openssl', 'what openssl reads from our encoding', () => {
  const openssl = new OpensslPki();
  afterAll(() => {
    openssl.remove();
  });

  it('is what was written, for every kind of value', () => {
    const value = sequence(
      integer(-129),
      boolean(true),
      bitString(Uint8Array.of(0x80), 7),
      utf8String('Grüße'),
      printableString('US'),
      ia5String('a@b'),
      time(new Date('2026-11-22T01:02:03Z')),
      generalizedTime(new Date('2026-11-22T01:02:03Z')),
      explicit(3, oid('1.2.840.113635.100.6.1.13')),
      tlv(0x70, octetString(new Uint8Array(300))),
      set(oid('2.5.4.3'), nullValue),
    );
    openssl.write('value', value);
    const lines = openssl.run('asn1parse', '-inform', 'DER', '-in', 'value').trimEnd().split('\n');
    const shown = lines.map((line) =>
      line
        .replace(/^.*?(prim|cons): */, '')
        .replace(/ +/g, ' ')
        .trim(),
    );
    expect(shown).toEqual([
      'SEQUENCE',
      'INTEGER :-81',
      'BOOLEAN :255',
      'BIT STRING',
      'UTF8STRING :Grüße',
      'PRINTABLESTRING :US',
      'IA5STRING :a@b',
      'UTCTIME :261122010203Z',
      'GENERALIZEDTIME :20261122010203Z',
      'cont [ 3 ]',
      'OBJECT :1.2.840.113635.100.6.1.13',
      'appl [ 16 ]',
      `OCTET STRING [HEX DUMP]:${'00'.repeat(300)}`,
      'SET',
      'NULL',
      'OBJECT :commonName',
    ]);
  });
});
