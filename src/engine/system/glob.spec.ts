import { globPattern } from './glob.js';

describe('when a path is held against a glob', () => {
  it.each([
    ['Contents/XPCServices/*', 'Contents/XPCServices/a.xpc', true],
    ['Contents/XPCServices/*', 'Contents/XPCServices/a.xpc/Contents', false],
    ['Contents/XPCServices/*', 'Contents/XPCServices', false],
    ['**/*.dylib', 'a.dylib', true],
    ['**/*.dylib', 'Contents/Frameworks/a.dylib', true],
    ['**/*.dylib', 'Contents/Frameworks/a.dylib.txt', false],
    ['Contents/**', 'Contents/a/b/c', true],
    ['Contents/**/tool', 'Contents/tool', true],
    ['Contents/**/tool', 'Contents/a/b/tool', true],
    ['Contents/**/tool', 'Contents/a/btool', false],
    ['Contents/MacOS/?ool', 'Contents/MacOS/tool', true],
    ['Contents/MacOS/?ool', 'Contents/MacOS/ool', false],
    ['Contents/{MacOS,Helpers}/*', 'Contents/Helpers/x', true],
    ['Contents/{MacOS,Helpers}/*', 'Contents/Frameworks/x', false],
    ['{a,{b,c}d}', 'cd', true],
    ['a,b', 'a,b', true],
    ['a}', 'a}', true],
    ['', '', true],
    ['', 'a', false],
  ])('%j and %j: %j', (glob, path, matches) => {
    expect(globPattern(glob).test(path)).toBe(matches);
  });

  it('what would mean something in a regular expression means itself', () => {
    for (const name of ['App Helper (GPU).app', '[x]', 'a.b', 'a+b', 'a|b', '^$', 'a\\b'])
      expect(globPattern(name).test(name)).toBe(true);
    expect(globPattern('a.b').test('aXb')).toBe(false);
    expect(globPattern('[x]').test('x')).toBe(false);
  });

  it('a brace that is never closed is no mistake', () => {
    expect(globPattern('{a,b').test('b')).toBe(true);
  });
});
