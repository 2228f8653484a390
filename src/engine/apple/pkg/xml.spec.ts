import fc from 'fast-check';
import { SigningError } from '../../system/error.js';
import { childOf, childrenOf, edited, numberIn, parseXml, textOf } from './xml.js';

describe('when a document is read', () => {
  const text = `<?xml version="1.0"?>
<!-- <not> an element -->
<a one="1" two='2 &lt; 3'><b>x &amp; &#x41;&#66;</b><b/><c > 12 </c ></a>`;
  const root = parseXml(text);

  it('knows every element’s place, attributes and children', () => {
    expect(text.slice(root.start, root.end)).toMatch(/^<a .*<\/a>$/s);
    expect([...root.attributes]).toEqual([
      ['one', '1'],
      ['two', '2 < 3'],
    ]);
    expect(root.children.map(({ start, end }) => text.slice(start, end))).toEqual([
      '<b>x &amp; &#x41;&#66;</b>',
      '<b/>',
      '<c > 12 </c >',
    ]);
  });

  it('decodes texts and numbers', () => {
    expect(childrenOf(root, 'b').map((each) => textOf(text, each))).toEqual(['x & AB', '']);
    expect(numberIn(text, childOf(root, 'c')!)).toBe(12);
  });

  it('does not choose between two of a name', () => {
    expect(() => childOf(root, 'b')).toThrow('more than one <b>');
  });

  it('puts edits in their places, whatever their order', () => {
    const [first, second, third] = root.children;
    const edits = [
      { start: third!.contentStart, end: third!.contentEnd, put: '7' },
      { start: first!.start, end: second!.end, put: '' },
    ];
    expect(edited(text, edits)).toBe(text.replace(/<b>.*<b\/>/, '').replace(' 12 ', '7'));
  });
});

describe('when a document is not well-formed, or wants more than a table of contents needs', () => {
  it.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '</a>',
    '<a/><b/>',
    '<a',
    '<a b=c/>',
    '<a b="1" b="2"/>',
    '<!DOCTYPE a [<!ENTITY e "e">]><a>&e;</a>',
    '<a><!-- </a>',
    '<a><![CDATA[ </a>',
    '<é/>',
  ])('refuses %p', (text) => {
    expect(() => parseXml(text)).toThrow(expect.objectContaining({ code: 'MALFORMED' }) as Error);
  });

  it('expands no entity but the five', () => {
    for (const entity of ['&lol;', '&amp', '&#0;', '&#x110000;', '&constructor;'])
      expect(() => textOf(`<a>${entity}</a>`, parseXml(`<a>${entity}</a>`))).toThrow('unknown entity');
  });

  it('takes no number but a plain one', () => {
    for (const number of ['', '-1', '0x10', '1e3', '1.5', '9'.repeat(16), '<b/>'])
      expect(() => numberIn(`<a>${number}</a>`, parseXml(`<a>${number}</a>`))).toThrow(SigningError);
  });

  it('goes neither too deep nor on forever', () => {
    expect(() => parseXml('<a>'.repeat(100_000))).toThrow('too large');
    const begin = Date.now();
    expect(() => parseXml(`<a>${'<b/>'.repeat(600_000)}</a>`)).toThrow('too large');
    expect(() => parseXml(`<a ${'b="1" '.repeat(100_000)}`)).toThrow(SigningError);
    expect(() => parseXml(`<a${' '.repeat(100_000)}`)).toThrow(SigningError);
    expect(Date.now() - begin).toBeLessThan(3000);
  });

  it('never throws anything but a SigningError', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      ' ',
      '=',
      '"',
      '&',
      ';',
      '<a>',
      '</a>',
      '<!--',
      ']]>',
      '<?',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parseXml(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(SigningError);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
