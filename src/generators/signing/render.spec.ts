import { escapeFor, render } from './render.js';

const asIs = (value: string) => value;

describe('render', () => {
  it('fills in tokens and runs nothing', () => {
    const template = '#define NAME "<%= name %>" /* <% code() %> */ <%= name %>';
    expect(render(template, { name: '$& x' }, asIs)).toBe('#define NAME "$& x" /* <% code() %> */ $& x');
  });

  it('takes an unknown token for a mistake of ours', () => {
    expect(() => render('<%= nmae %>', { name: 'x' }, asIs)).toThrow('a template asks for nmae');
  });
});

describe('escapeFor', () => {
  it.each([
    ['Info.plist', `<a href="x">&'`, '&lt;a href=&quot;x&quot;&gt;&amp;&apos;'],
    // `?` too: `??/` is a trigraph for a backslash in older C.
    ['helper-config.h', 'a"\\\n?7ü', 'a\\042\\134\\012\\0777\\303\\274'],
    ['README.md', '<b>', '<b>'],
  ])('writes a value into %s as its language wants', (file, value, written) => {
    expect(escapeFor(file)(value)).toBe(written);
  });
});
