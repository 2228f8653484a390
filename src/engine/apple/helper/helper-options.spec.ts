import { normalizeHelperOptions, type HelperOptions } from './helper-options.js';

const options: HelperOptions = {
  name: 'ToolHelper',
  bundleIdentifier: 'com.example.helper',
  sources: ['a.c'],
  outputPath: 'dist',
};
const normalize = (change: object) => normalizeHelperOptions({ ...options, ...change }, '/workspace');

it('completes the options, and places every path', () => {
  expect(normalize({ infoPlist: 'Info.plist', includeFolders: ['inc'] })).toMatchObject({
    version: '1.0.0',
    program: { kind: 'sources', sources: ['/workspace/a.c'], includeFolders: ['/workspace/inc'] },
    infoPlist: '/workspace/Info.plist',
    outputPath: '/workspace/dist',
    embed: [],
    embedAbsolutePaths: false,
    checksumFormat: 'sha256sum',
  });
});

it('takes a prebuilt program instead of sources', () => {
  const { program } = normalize({ sources: undefined, prebuilt: 'bin/tool' });
  expect(program).toEqual({ kind: 'prebuilt', path: '/workspace/bin/tool' });
});

it.each([
  ['a name with a folder', { name: '../Tool' }],
  ['a name with a quote', { name: 'Tool"' }],
  ['a name that begins like an option', { name: '-Tool' }],
  ['a name with a line break at its end', { name: 'Tool\n' }],
  ['an identifier without a dot', { bundleIdentifier: 'helper' }],
  ['a version with a letter', { version: '1.0b' }],
  ['a minimum version that is none', { minimumVersions: { arm64: '11' } }],
  ['a language that we do not know', { embed: ['cobol'] }],
  ['a Go package that is none', { goPackage: 'my-package' }],
  ['neither sources nor a program', { sources: [] }],
  ['both sources and a program', { prebuilt: 'x' }],
  ['an output with a line break', { outputPath: 'a\nb' }],
])('refuses %s', (_, change) => {
  expect(() => normalize(change)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
});
