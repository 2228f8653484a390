import { parsePackageStatus } from './package-status.js';

const OUTPUT = `Package "example.pkg":
   Status: signed by untrusted certificate
   Certificate Chain:
    1. Example
       Expires: 2036-11-22 12:00:00 +0000
       SHA256 Fingerprint:
           00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF 00 11 22 33 44 55 
           66 77 88 99 AA BB CC DD EE FF
       ------------------------------------------------------------------------
    2. Example Root
       Expires: 2036-11-22 12:00:00 +0000
       SHA256 Fingerprint:
           FF EE 22 33 44 55 66 77 88 99 AA BB CC DD EE FF 00 11 22 33 44 55 
           66 77 88 99 AA BB CC DD EE FF
`;

describe('what pkgutil says', () => {
  it('names the signers', () => {
    expect(parsePackageStatus(OUTPUT)).toEqual({
      status: 'signed by untrusted certificate',
      fingerprints: [
        '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
        'ffee2233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
      ],
    });
  });

  it('may be that there are none', () => {
    expect(parsePackageStatus('Package "a.pkg":\n   Status: no signature\n')).toEqual({
      status: 'no signature',
      fingerprints: [],
    });
  });

  it('is missed', () => {
    expect(() => parsePackageStatus('')).toThrow('no status');
  });
});
