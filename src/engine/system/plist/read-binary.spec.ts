import fc from 'fast-check';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import { python } from '../../../../test/oracles/python.js';
import { SigningError } from '../error.js';
import { readPlist } from './read.js';
import { Real } from './value.js';

/** With offsets of three bytes and references of one. */
function binary(objects: readonly number[][], top = 0): Buffer {
  const offsets: number[] = [];
  let at = 8;
  for (const object of objects) {
    offsets.push(at >> 16, (at >> 8) & 0xff, at & 0xff);
    at += object.length;
  }
  const trailer = Buffer.alloc(32);
  trailer[6] = 3;
  trailer[7] = 1;
  trailer.writeBigUInt64BE(BigInt(objects.length), 8);
  trailer.writeBigUInt64BE(BigInt(top), 16);
  trailer.writeBigUInt64BE(BigInt(at), 24);
  return Buffer.concat([Buffer.from('bplist00'), Buffer.from([...objects.flat(), ...offsets]), trailer]);
}

const failure = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error as SigningError;
  }
  throw new Error('it did not fail');
};

describe('reading a binary property list', () => {
  it('knows booleans, integers of each size, reals and dates', () => {
    expect(readPlist(binary([[0x09]]))).toBe(true);
    expect(readPlist(binary([[0x08]]))).toBe(false);
    expect(readPlist(binary([[0x10, 0xff]]))).toBe(255);
    expect(readPlist(binary([[0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]))).toBe(-1);
    expect(
      readPlist(binary([[0x14, ...new Array<number>(8).fill(0), ...new Array<number>(8).fill(0xff)]])),
    ).toBe(2n ** 64n - 1n);
    expect(readPlist(binary([[0x22, 0x3f, 0xc0, 0, 0]]))).toEqual(new Real(1.5));
    expect(readPlist(binary([[0x33, 0, 0, 0, 0, 0, 0, 0, 0]]))).toEqual(new Date('2001-01-01T00:00:00Z'));
  });

  it('refuses an array that contains itself', () => {
    expect(failure(() => readPlist(binary([[0xa1, 0]]))).message).toContain('contains itself');
  });

  it('refuses arrays of shared arrays that would unfold without end', () => {
    const levels = Array.from({ length: 60 }, (_, i) => [0xa2, i + 1, i + 1]);
    expect(failure(() => readPlist(binary([...levels, [0x09]]))).message).toContain('unfolds');
  });

  it('decodes a string once, however often it is referred to', () => {
    const references = new Array<number>(20_000).fill(1);
    const text = [0x5f, 0x12, 0, 2, 0, 0, ...new Array<number>(131_072).fill(0x61)];
    const list = [0xaf, 0x11, references.length >> 8, references.length & 0xff, ...references];
    expect(readPlist(binary([list, text]))).toHaveLength(20_000);
  });

  it('refuses keys that are not strings, twice the same key, and unknown types', () => {
    expect(failure(() => readPlist(binary([[0xd1, 1, 1], [0x09]]))).message).toContain(
      'a key that is not a string',
    );
    const twice = binary([[0xd2, 1, 1, 2, 2], [0x51, 0x61], [0x09]]);
    expect(readPlist(twice)).toEqual({ a: true });
    expect(failure(() => readPlist(twice, { duplicateKeys: 'refuse' })).message).toContain('twice');
    expect(failure(() => readPlist(binary([[0x00]]))).message).toContain('unknown type 0x0 at offset 8');
  });

  it('refuses a count far beyond the file before it allocates anything', () => {
    expect(failure(() => readPlist(binary([[0xaf, 0x12, 0x7f, 0xff, 0xff, 0xff]]))).message).toContain(
      'truncated',
    );
  });
});

describeWithOracle('python3', 'what Python writes as binary', () => {
  const sample = () =>
    python(
      `import plistlib,sys,datetime
sys.stdout.buffer.write(plistlib.dumps({'a':[1,70000,-5,2**63,-2**63,True,1.5,'é\\U0001F600','plain'],'d':b'\\1'*100,'t':datetime.datetime(2020,1,2,3,4,5),'e':{},'u':plistlib.UID(7),'many':list(range(300))},fmt=plistlib.FMT_BINARY))`,
    );

  it('is read', () => {
    expect(readPlist(sample())).toEqual({
      a: [1, 70000, -5, 2n ** 63n, -(2n ** 63n), true, new Real(1.5), 'é\u{1F600}', 'plain'],
      d: new Uint8Array(100).fill(1),
      t: new Date('2020-01-02T03:04:05Z'),
      e: {},
      u: { CF$UID: 7 },
      many: Array.from({ length: 300 }, (_, i) => i),
    });
  });

  it('ends in a SigningError wherever it is cut, and in nothing else when bytes change', () => {
    const whole = sample();
    for (let length = 0; length < whole.length; length++)
      expect(failure(() => readPlist(whole.subarray(0, length))).code).toBe('INVALID_PLIST');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const mutated = Uint8Array.from(whole);
        mutated[at]! ^= change;
        try {
          readPlist(mutated);
        } catch (error) {
          expect(error).toBeInstanceOf(SigningError);
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
