import { chooseIdentity, type IdentityOption } from './option.js';

describe('chooseIdentity', () => {
  it.each<[IdentityOption, object]>([
    ['adhoc', { kind: 'adhoc' }],
    ['-', { kind: 'adhoc' }],
    ['self-signed', { kind: 'self-signed' }],
    ['certs/My.P12', { kind: 'key', certificate: { file: 'certs/My.P12' }, key: undefined }],
    ['id.pfx', { certificate: { file: 'id.pfx' } }],
    ['id.pem', { certificate: { file: 'id.pem' } }],
    ['env:SIGNING', { certificate: { variable: 'SIGNING' } }],
    [{ p12: 'x' }, { certificate: { file: 'x' } }],
    [{ p12Env: 'X' }, { certificate: { variable: 'X' } }],
    [
      { certificate: 'c', key: 'k' },
      { certificate: { file: 'c' }, key: { file: 'k' } },
    ],
    [{ certificate: 'both' }, { certificate: { file: 'both' }, key: undefined }],
    [
      { certificateEnv: 'C', keyEnv: 'K' },
      { certificate: { variable: 'C' }, key: { variable: 'K' } },
    ],
  ])('reads the option %j', (option, request) => {
    expect(chooseIdentity(option, {})).toMatchObject({ request, why: 'by the option identity' });
  });

  it.each<[IdentityOption, readonly string[], boolean]>([
    [{ p12: 'x' }, ['NX_CODESIGN_PASSWORD'], false],
    ['env:SIGNING', ['SIGNING_PASSWORD', 'NX_CODESIGN_PASSWORD'], false],
    [{ certificateEnv: 'C', keyEnv: 'K' }, ['K_PASSWORD', 'C_PASSWORD', 'NX_CODESIGN_PASSWORD'], false],
    [{ p12: 'x', passwordEnv: 'MINE' }, ['MINE'], true],
  ])('looks for the password of %j in %j', (option, variables, isNamed) => {
    expect(chooseIdentity(option, {})?.request).toMatchObject({ password: { variables, isNamed } });
  });

  it('lets NX_CODESIGN_IDENTITY override the option, and says so', () => {
    expect(chooseIdentity('self-signed', { NX_CODESIGN_IDENTITY: '-' })).toEqual({
      request: { kind: 'adhoc' },
      why: 'by NX_CODESIGN_IDENTITY, which overrides the option identity',
    });
  });

  it('counts an empty variable as unset', () => {
    expect(chooseIdentity('adhoc', { NX_CODESIGN_IDENTITY: '' })?.why).toBe('by the option identity');
    expect(chooseIdentity(undefined, { NX_CODESIGN_IDENTITY: '', APPLE_CERTIFICATE: '' })).toBeUndefined();
  });

  it.each([
    ['APPLE_CERTIFICATE', 'APPLE_CERTIFICATE_PASSWORD'],
    ['CSC_LINK', 'CSC_KEY_PASSWORD'],
    ['MACOS_SIGN_P12', 'MACOS_SIGN_PASSWORD'],
    ['QUILL_SIGN_P12', 'QUILL_SIGN_PASSWORD'],
  ])('falls back to %s when nobody says who signs', (name, password) => {
    const choice = chooseIdentity(undefined, { [name]: 'MII…' });
    expect(choice).toMatchObject({
      request: { certificate: { variable: name } },
      why: `because ${name} is set`,
    });
    expect(choice?.request).toMatchObject({ password: { isNamed: false } });
    expect(JSON.stringify(choice)).toContain(`"${password}"`);
  });

  it('refuses what it does not know, but shows no value of a variable', () => {
    expect(() => chooseIdentity('Developer ID Application: X', {})).toThrow(
      /"Developer ID Application: X" is neither/,
    );
    const misplaced = () => chooseIdentity(undefined, { NX_CODESIGN_IDENTITY: 'hunter2' });
    expect(misplaced).toThrow(/^the value of NX_CODESIGN_IDENTITY is neither/);
    expect(misplaced).not.toThrow(/hunter2/);
  });
});
