import { clangArguments, UNIVERSAL } from './clang.js';

describe('the arguments of clang', () => {
  it('build a universal program that nobody has signed', () => {
    expect(clangArguments({ archs: UNIVERSAL }, 'a.c', 'a')).toEqual([
      ...['-arch', 'x86_64', '-arch', 'arm64', '-mmacosx-version-min=11.0'],
      ...['-Wl,-no_adhoc_codesign', '-o', 'a', 'a.c'],
    ]);
  });

  it('build an old library that the linker may sign', () => {
    const shape = { archs: ['x86_64'], kind: 'library', minimum: '10.9', signedByLinker: true } as const;
    expect(clangArguments(shape, 'a.c', 'a')).toEqual([
      ...['-arch', 'x86_64', '-mmacosx-version-min=10.9', '-dynamiclib'],
      ...['-install_name', '@rpath/library', '-o', 'a', 'a.c'],
    ]);
  });
});
