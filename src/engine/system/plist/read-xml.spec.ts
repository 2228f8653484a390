import fc from 'fast-check';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import { python } from '../../../../test/oracles/python.js';
import { SigningError } from '../error.js';
import { readPlist, type ReadOptions } from './read.js';
import { Real } from './value.js';
import { writeXmlPlist } from './write-xml.js';

const plist = (body: string) =>
  Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">${body}</plist>\n`);
const read = (body: string, options?: ReadOptions) => readPlist(plist(body), options);
const failure = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error as SigningError;
  }
  throw new Error('it did not fail');
};

describe('reading an XML property list', () => {
  it('knows every type', () => {
    const value = read(
      '<dict><key>text</key><string>a</string><key>whole</key><integer>-7</integer><key>real</key><real>1.5</real>' +
        '<key>yes</key><true/><key>no</key><false></false><key>list</key><array><string/></array>' +
        '<key>date</key><date>2020-02-03T04:05:06Z</date><key>data</key><data>\n\tAQID\n\tBA==\n\t</data></dict>',
    );
    expect(value).toEqual({
      text: 'a',
      whole: -7,
      real: new Real(1.5),
      yes: true,
      no: false,
      list: [''],
      date: new Date('2020-02-03T04:05:06Z'),
      data: new Uint8Array([1, 2, 3, 4]),
    });
  });

  it('keeps integers of 64 bits exact', () => {
    expect(read('<integer>18446744073709551615</integer>')).toBe(18446744073709551615n);
    expect(read('<integer>-9223372036854775808</integer>')).toBe(-9223372036854775808n);
    expect(read('<integer>0x1F</integer>')).toBe(31);
    expect(failure(() => read('<integer>18446744073709551616</integer>')).code).toBe('INVALID_PLIST');
  });

  it('decodes entities, character references and CDATA, and keeps white space', () => {
    expect(read('<string> &lt;&amp;&gt;&quot;&apos;&#65;&#x1F600; <![CDATA[<b>&amp;]]>!</string>')).toBe(
      ` <&>"'A\u{1F600} <b>&amp;!`,
    );
  });

  it('passes over comments, instructions and the document type', () => {
    const text =
      '<?xml version="1.0"?><!DOCTYPE plist PUBLIC "a" "b"><!-- <dict> --><plist><!-- x --><array><?y z?><true/></array></plist>';
    expect(readPlist(Buffer.from(text))).toEqual([true]);
  });

  it('reads UTF-16 of both byte orders, and UTF-8 with a byte order mark', () => {
    const text = '<plist><string>é€</string></plist>';
    const little = Buffer.from(`\uFEFF${text}`, 'utf16le');
    expect(readPlist(little)).toBe('é€');
    expect(readPlist(Buffer.from(little).swap16())).toBe('é€');
    expect(readPlist(Buffer.from(text, 'utf16le'))).toBe('é€');
    expect(readPlist(Buffer.from(`\uFEFF${text}`))).toBe('é€');
  });

  it('takes __proto__ for a key like any other', () => {
    const value = read('<dict><key>__proto__</key><dict><key>polluted</key><true/></dict></dict>') as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('lets the last of equal keys win, or refuses them', () => {
    const twice = '<dict><key>a</key><true/><key>a</key><false/></dict>';
    expect(read(twice)).toEqual({ a: false });
    expect(failure(() => read(twice, { duplicateKeys: 'refuse' })).message).toContain(
      'the key "a" twice, on line 2',
    );
  });

  it.each([
    ['an unknown tag', '<set/>', 'unknown tag <set>'],
    ['a value without a key', '<dict><true/></dict>', 'without a <key>'],
    ['a key without a value', '<dict><key>a</key></dict>', '</dict> where a value belongs'],
    ['two values', '<true/><true/>', 'lacks a </plist>'],
    ['no value', '', '</plist> where a value belongs'],
    ['a tag inside a text', '<string>a<b/></string>', 'other than text'],
    ['text between tags', '<array>x</array>', 'text where a tag belongs'],
    ['an entity of its own', '<string>&lol;</string>', 'unknown entity &lol;'],
    ['half an entity', '<string>a & b</string>', 'unknown entity'],
    ['a reference to no character', '<string>&#xD800;</string>', 'unknown entity'],
    ['a fraction as an integer', '<integer>1.5</integer>', '"1.5" as <integer>'],
    ['data that is not base64', '<data>A*==</data>', 'as <data>'],
    ['a date that is none', '<date>2020-13-01T00:00:00Z</date>', 'as <date>'],
  ])('refuses %s and names the line', (_, body, problem) => {
    const { code, message } = failure(() => read(body));
    expect(code).toBe('INVALID_PLIST');
    expect(message).toContain(problem);
    expect(message).toContain('line 2');
  });

  it('refuses a document type with entities of its own instead of unfolding them', () => {
    const bomb = `<!DOCTYPE plist [<!ENTITY a "${'x'.repeat(100)}"><!ENTITY b "&a;&a;">]><plist><string>&b;</string></plist>`;
    expect(failure(() => readPlist(Buffer.from(bomb))).message).toContain('a document type of its own');
  });

  it('refuses another encoding, broken UTF-8, and nesting without end', () => {
    const latin = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><plist><true/></plist>');
    expect(failure(() => readPlist(latin)).message).toContain('encoded in ISO-8859-1');
    expect(failure(() => readPlist(Buffer.from([0x3c, 0xff, 0xfe]))).message).toContain('not valid utf-8');
    expect(failure(() => read('<array>'.repeat(100_000))).message).toContain('nested more than');
  });

  it('ends in a SigningError wherever the file is cut', () => {
    const whole = writeXmlPlist({ a: ['b', 1, new Real(2), true], data: new Uint8Array(50), c: { d: '<>' } });
    const minimum = Buffer.from(whole).lastIndexOf('</plist>') + '</plist>'.length;
    for (let length = 0; length < minimum; length++)
      expect(failure(() => readPlist(whole.subarray(0, length))).code).toBe('INVALID_PLIST');
  });

  it('ends in nothing but a SigningError when bytes change', () => {
    const whole = writeXmlPlist({ a: ['b', 1, new Real(2), true], data: new Uint8Array(50), c: { d: '<>' } });
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

describeWithOracle('python3', 'what Python writes as XML', () => {
  it('is read', () => {
    const written = python(
      `import plistlib,sys,datetime
sys.stdout.buffer.write(plistlib.dumps({'a':[1,-2**63,2**64-1,True,'é<&>'],'d':b'\\0'*100,'t':datetime.datetime(2020,1,2,3,4,5),'e':{}}))`,
    );
    expect(readPlist(written)).toEqual({
      a: [1, -(2n ** 63n), 2n ** 64n - 1n, true, 'é<&>'],
      d: new Uint8Array(100),
      t: new Date('2020-01-02T03:04:05Z'),
      e: {},
    });
  });
});
