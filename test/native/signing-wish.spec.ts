import { codesignArguments, engineOptions } from './signing-wish.js';

const WISH = {
  identifier: 'com.example.tool',
  flags: ['runtime', 'library-validation'],
  entitlements: '/tmp/e.plist',
  runtimeVersion: '13.3',
  requirements: 'designated => identifier "com.example.tool"',
};

describe('a wish', () => {
  it('asks codesign for nothing that was not wished for', () => {
    expect(codesignArguments('/tmp/tool', {})).toEqual([
      '--force',
      '--timestamp=none',
      '--sign',
      '-',
      '/tmp/tool',
    ]);
  });

  it('reaches codesign whole', () => {
    expect(codesignArguments('/tmp/tool', WISH, { sha1: 'ab12', keychain: '/tmp/k' })).toEqual([
      ...['--force', '--timestamp=none', '--sign', 'ab12', '--keychain', '/tmp/k'],
      ...['--identifier', 'com.example.tool', '--options', 'runtime,library-validation'],
      ...['--entitlements', '/tmp/e.plist', '--runtime-version', '13.3'],
      ...['--requirements', '=designated => identifier "com.example.tool"', '/tmp/tool'],
    ]);
  });

  it('reaches our signer whole', () => {
    expect(engineOptions(WISH)).toEqual({
      ...WISH,
      flags: ['library-validation'],
      hardenedRuntime: true,
      timestamp: false,
    });
  });

  it('does without the hardened runtime unless it asks for it, as codesign does', () => {
    expect(engineOptions({})).toMatchObject({ flags: [], hardenedRuntime: false });
  });
});
