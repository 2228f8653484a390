import fc from 'fast-check';
import { fromHex, toHex } from '../bytes/hex.js';
import { systemCode } from '../system/error.js';
import {
  childrenOf,
  decoding,
  Fields,
  malformed,
  readFirst,
  readOid,
  readOnly,
  readSmallInteger,
  readTime,
  stringOctets,
} from './ber.js';
import {
  generalizedTime,
  indefiniteTlv,
  integer,
  octetString,
  oid,
  sequence,
  TAG,
  time,
  tlv,
} from './der.js';

const octets = (hex: string) => fromHex(hex)!;
const read = (hex: string) => readOnly(octets(hex));

/** What reading ends in: `MALFORMED`, or the error itself when it is any other. */
function failureOf(reading: () => unknown): unknown {
  try {
    decoding('it', reading);
    return 'nothing';
  } catch (error) {
    return systemCode(error) ?? error;
  }
}

describe('when reading values', () => {
  it('gives views into the input', () => {
    const input = octets('30040201050400'.slice(0, 12));
    const node = readFirst(octets('3003020105ffff'));
    expect(toHex(node.header)).toBe('3003');
    expect(toHex(node.content)).toBe('020105');
    expect(toHex(node.raw)).toBe('3003020105');
    expect(readOnly(input).raw.buffer).toBe(input.buffer);
  });

  it('finds the end of nested indefinite lengths', () => {
    const inner = indefiniteTlv(0xa0, octetString(octets('0000')), integer(0));
    const node = readFirst(Uint8Array.from([...indefiniteTlv(TAG.sequence, inner, integer(1)), 0xff]));
    expect(childrenOf(node).map(({ tag }) => tag)).toEqual([0xa0, TAG.integer]);
    expect(toHex(childrenOf(node)[0]!.raw)).toBe(toHex(inner));
    expect(node.raw.at(-1)).toBe(0);
  });

  it('accepts lengths in more octets than they need', () => {
    expect(toHex(read('0484000000' + '02abcd').content)).toBe('abcd');
    expect(toHex(read('048900000000000000' + '0002abcd').content)).toBe('abcd');
  });

  it('joins strings that were sent in pieces', () => {
    expect(toHex(stringOctets(read('2480' + '0401aa' + '2404' + '0402bbcc' + '0401dd' + '0000')))).toBe(
      'aabbccdd',
    );
    expect(toHex(stringOctets(read('0402aabb')))).toBe('aabb');
  });

  it('reads small integers with their sign', () => {
    expect(
      ['020100', '02017f', '0201ff', '02020080', '02047fffffff', '020480000000'].map((hex) =>
        readSmallInteger(read(hex)),
      ),
    ).toEqual([0, 127, -1, 128, 0x7fffffff, -0x80000000]);
  });

  it('reads every object identifier that we can write', () => {
    const arcs = fc.tuple(
      fc.oneof(
        fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 39 })),
        fc.tuple(fc.constant(2), fc.nat()),
      ),
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 128n }), { maxLength: 3 }),
    );
    fc.assert(
      fc.property(arcs, ([first, others]) => {
        const dotted = [...first, ...others].join('.');
        expect(readOid(readOnly(oid(dotted)))).toBe(dotted);
      }),
    );
  });

  it('reads every time that we can write, and fractions of seconds', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        const seconds = new Date(Math.floor(date.getTime() / 1000) * 1000);
        expect(readTime(readOnly(time(date)))).toEqual(seconds);
        expect(readTime(readOnly(generalizedTime(date)))).toEqual(seconds);
      }),
    );
    const fraction = tlv(TAG.generalizedTime, new TextEncoder().encode('20261122010203.5Z'));
    expect(readTime(readOnly(fraction)).toISOString()).toBe('2026-11-22T01:02:03.500Z');
  });

  it('takes fields in order and leaves what is optional and absent', () => {
    const fields = new Fields(read('3008' + '020101' + '0500' + '040100'));
    expect(fields.takeIf(TAG.oid)).toBeUndefined();
    expect(fields.take(TAG.integer).tag).toBe(TAG.integer);
    expect(fields.takeIf(TAG.null)?.tag).toBe(TAG.null);
    expect(fields.rest()).toHaveLength(1);
  });
});

describe('when the input is malformed', () => {
  const endless = new Uint8Array(1 << 18).fill(0xff);
  endless[endless.length - 1] = 0x7f;

  it.each([
    ['nothing', ''],
    ['half a header', '30'],
    ['a content beyond the end', '0405aabb'],
    ['a length beyond the end', '3084ff'],
    ['a length beyond all numbers', '30ff' + 'ff'.repeat(127)],
    ['more after the end', '0500' + '00'],
    ['an indefinite length without end', '3080' + '0500'],
    ['an indefinite length on a primitive value', '0480' + '0000'],
    ['a tag number above 30', '1f8100' + '00'],
  ])('%s is MALFORMED', (_, hex) => {
    expect(failureOf(() => read(hex))).toBe('MALFORMED');
  });

  it.each([
    ['parts of a primitive value', () => childrenOf(read('0400'))],
    ['an object identifier that breaks off', () => readOid(read('06022a86'))],
    ['an empty object identifier', () => readOid(read('0600'))],
    ['an endless object identifier', () => readOid(readOnly(tlv(TAG.oid, endless)))],
    ['an integer of five octets', () => readSmallInteger(read('02050000000000'))],
    ['an empty integer', () => readSmallInteger(read('0200'))],
    [
      'the 30th of February',
      () => readTime(readOnly(tlv(TAG.utcTime, new TextEncoder().encode('260230000000Z')))),
    ],
    [
      'a time without zone',
      () => readTime(readOnly(tlv(TAG.utcTime, new TextEncoder().encode('260228000000')))),
    ],
    ['a field of another kind', () => new Fields(read('30020500')).take(TAG.integer)],
    ['a field too many asked for', () => new Fields(read('3000')).take(TAG.integer)],
  ])('%s is MALFORMED', (_, reading) => {
    expect(failureOf(reading)).toBe('MALFORMED');
  });

  it('neither overflows the stack nor takes long on a million open values', () => {
    const open = new Uint8Array(2 << 20).fill(0x80);
    for (let i = 0; i < open.length; i += 2) open[i] = 0x30;
    expect(failureOf(() => readFirst(open))).toBe('MALFORMED');
    for (let i = 0; i < open.length; i += 2) open[i] = 0x24;
    expect(failureOf(() => stringOctets(readFirst(open)))).toBe('MALFORMED');
    const nested = Array.from({ length: 100 }).reduce<Uint8Array>(
      (inner) => tlv(0x24, inner),
      octetString(octets('')),
    );
    expect(failureOf(() => stringOctets(readFirst(nested)))).toBe('MALFORMED');
  });

  it('ends in values or MALFORMED for any octets whatsoever', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
        expect(['nothing', 'MALFORMED']).toContain(failureOf(() => childrenOf(readFirst(data))));
      }),
      { numRuns: 2000 },
    );
  });

  it('names what was read, once, and lets bugs fly', () => {
    const nested = () =>
      decoding('the outer', () =>
        decoding('the inner', () => {
          throw malformed('odd');
        }),
      );
    expect(nested).toThrow('the inner is malformed: odd');
    const bug = new TypeError('a bug');
    expect(() =>
      decoding('it', () => {
        throw bug;
      }),
    ).toThrow(bug);
    expect(() => decoding('it', () => readOnly(sequence(integer(1)).subarray(0, 3)))).toThrow(
      /^it is truncated/,
    );
  });
});
