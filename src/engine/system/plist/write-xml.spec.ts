import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  filesBelow,
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../../../test/fixtures/apple-macho.js';
import { describeWhen, describeWithOracle } from '../../../../test/oracles/oracle.js';
import { python } from '../../../../test/oracles/python.js';
import { readPlist } from './read.js';
import { Real, type PlistValue } from './value.js';
import { writeXmlPlist } from './write-xml.js';

const text = (value: PlistValue) => Buffer.from(writeXmlPlist(value)).toString();
const body = (value: PlistValue) => text(value).split('\n').slice(3, -2).join('\n');

describe('writing an XML property list', () => {
  it('writes what CoreFoundation writes around a value', () => {
    expect(text({})).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n' +
        '<plist version="1.0">\n<dict/>\n</plist>\n',
    );
  });

  it('sorts keys by UTF-16 unit and escapes nothing but & < >', () => {
    expect(body({ b: 1, a: [], B: `"'&<>`, '\uFFFD': true, '\u{10000}': false })).toBe(
      `<dict>\n\t<key>B</key>\n\t<string>"'&amp;&lt;&gt;</string>\n\t<key>a</key>\n\t<array/>\n\t<key>b</key>\n\t<integer>1</integer>` +
        `\n\t<key>\u{10000}</key>\n\t<false/>\n\t<key>\uFFFD</key>\n\t<true/>\n</dict>`,
    );
  });

  it('writes a real the way of C, to 17 digits', () => {
    const reals = [10, 0, 0.1, -1.5, 1e17, 123456789012345680, 1e-5, 0.0001, NaN, Infinity, -Infinity];
    expect(reals.map((value) => body(new Real(value)).replace(/<\/?real>/g, ''))).toEqual([
      '10',
      '0.0',
      '0.10000000000000001',
      '-1.5',
      '1e+17',
      '1.2345678901234568e+17',
      '1.0000000000000001e-05',
      '0.0001',
      'nan',
      '+infinity',
      '-infinity',
    ]);
  });

  it('counts tabs as eight columns of the 76 that a line of data may have', () => {
    const nested = (depth: number): PlistValue => (depth === 0 ? new Uint8Array(60) : [nested(depth - 1)]);
    const widths = [0, 1, 7, 8, 10].map((depth) => body(nested(depth)).match(/A+/g)![0].length);
    expect(widths).toEqual([76, 68, 20, 12, 12]);
    expect(body(new Uint8Array())).toBe('<data>\n</data>');
  });

  it('refuses a number that is not whole as an integer', () => {
    expect(() => writeXmlPlist(1.5)).toThrow();
  });

  it('is read back as it was, whatever it is', () => {
    const { value } = fc.letrec<{ value: PlistValue }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'grapheme' }),
        fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.double({ noNaN: true }).map((each) => new Real(each === 0 ? 0 : each)),
        fc.uint8Array({ maxLength: 200 }),
        fc
          .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
          .map((each) => new Date(Math.floor(each.getTime() / 1000) * 1000)),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(value, (each) => {
        expect(readPlist(writeXmlPlist(each))).toEqual(each);
      }),
    );
  });

  it('takes time in proportion to the size', () => {
    const entries = Array.from({ length: 30_000 }, (_, i): [string, PlistValue] => [
      `Resources/app.asar.unpacked/node_modules/package-${i}/index.js`,
      { hash2: new Uint8Array(32).fill(i) },
    ]);
    const started = performance.now();
    const written = writeXmlPlist({ files2: Object.fromEntries(entries) });
    const again = writeXmlPlist(readPlist(written));
    expect(performance.now() - started).toBeLessThan(5000); // A quadratic loop takes minutes.
    expect(Buffer.compare(again, written)).toBe(0);
  });
});

describeWhen(hasAppleFixtures, MISSING_FIXTURES, 'the CodeResources that Apple wrote', () => {
  let fixtures: AppleFixtures;
  beforeAll(() => {
    fixtures = unpackAppleFixtures();
  });
  afterAll(() => {
    fixtures.remove();
  });

  it('come out as they went in', () => {
    const files = filesBelow(fixtures.folder).filter((path) => path.endsWith('/CodeResources'));
    expect(files.length).toBeGreaterThanOrEqual(10);
    for (const file of files) {
      const original = readFileSync(join(fixtures.folder, file));
      expect(Buffer.from(writeXmlPlist(readPlist(original))).equals(original)).toBe(true);
    }
  });
});

describeWithOracle('python3', 'Python', () => {
  it('reads what we write', () => {
    const value = {
      a: [1, 'é&', new Real(0.1), true],
      d: new Uint8Array(100).fill(7),
      t: new Date('2020-01-02T03:04:05Z'),
    };
    const seen = python(
      'import plistlib,sys;print(sorted(plistlib.loads(sys.stdin.buffer.read()).items()))',
      writeXmlPlist(value),
    );
    expect(seen.toString().trim()).toBe(
      `[('a', [1, 'é&', 0.1, True]), ('d', b'${'\\x07'.repeat(100)}'), ('t', datetime.datetime(2020, 1, 2, 3, 4, 5))]`,
    );
  });
});
