import {
  findIdentities,
  importIdentity,
  letAppleToolsSign,
  parseIdentities,
  parseKeychains,
} from './security-arguments.js';

const SHA1 = '0123456789ABCDEF0123456789ABCDEF01234567';

describe('what security prints', () => {
  it('are keychains in quotes', () => {
    const output =
      '    "/Users/me/Library/Keychains/login.keychain-db"\n    "/Library/Keychains/System.keychain"\n';
    expect(parseKeychains(output)).toEqual([
      '/Users/me/Library/Keychains/login.keychain-db',
      '/Library/Keychains/System.keychain',
    ]);
    expect(parseKeychains('')).toEqual([]);
  });

  it('are identities, those too that nobody trusts', () => {
    const output = `
Policy: Code Signing
  Matching identities
  1) ${SHA1} "Example Self-Signed" (CSSMERR_TP_NOT_TRUSTED)
     1 identities found

  Valid identities only
     0 valid identities found
`;
    expect(parseIdentities(output)).toEqual([SHA1.toLowerCase()]);
  });

  it('may be the same identity twice', () => {
    expect(parseIdentities(`  1) ${SHA1} "a"\n\n  1) ${SHA1} "a"\n`)).toHaveLength(1);
  });
});

describe('the arguments of security', () => {
  it('name the file of an import first', () => {
    expect(importIdentity('/tmp/a.p12', 'secret', '/tmp/k').slice(0, 2)).toEqual(['import', '/tmp/a.p12']);
  });

  it('open the key to codesign', () => {
    expect(letAppleToolsSign('/tmp/k', 'secret')).toEqual([
      ...['set-key-partition-list', '-S', 'apple-tool:,apple:', '-s', '-k', 'secret', '/tmp/k'],
    ]);
  });

  it('do not ask for trusted identities alone', () => {
    expect(findIdentities('/tmp/k')).not.toContain('-v');
  });
});
