import { parseCertificate } from '../crypto/certificate.js';
import { CODE_SIGNING, OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { checkKind, type CertificateUse } from './kind.js';

const mark = (number: number) => `1.2.840.113635.100.6.1.${number}=critical,DER:0500`;
const INSTALLER_USAGE = 'extendedKeyUsage=critical,1.2.840.113635.100.4.13';

describeWithOracle('openssl', 'checkKind', () => {
  let pki: OpensslPki;

  beforeAll(() => {
    pki = new OpensslPki();
  });

  afterAll(() => {
    pki.remove();
  });

  const check = (extensions: readonly string[], use: CertificateUse) => () => {
    pki.issue('leaf', { key: 'ec:P-256', extensions });
    pki.run('x509', '-in', 'leaf.pem', '-outform', 'DER', '-out', 'leaf.der');
    checkKind(parseCertificate(pki.read('leaf.der')), use);
  };

  it.each<[string, readonly string[], CertificateUse]>([
    ['Developer ID Application on code', [mark(13), ...CODE_SIGNING], 'application'],
    ['Apple Development on code', [mark(2), mark(12), ...CODE_SIGNING], 'application'],
    ['any code signing certificate on code', CODE_SIGNING, 'application'],
    ['Developer ID Installer on packages', [mark(14), INSTALLER_USAGE], 'installer'],
    ['Mac Installer Distribution on packages', [mark(8)], 'installer'],
    ['any code signing certificate on packages', CODE_SIGNING, 'installer'],
  ])('allows %s', (_, extensions, use) => {
    expect(check(extensions, use)).not.toThrow();
  });

  it.each<[string, readonly string[], CertificateUse, RegExp]>([
    [
      'Developer ID Installer on code',
      [mark(14), INSTALLER_USAGE],
      'application',
      /Developer ID Installer certificate/,
    ],
    ['Developer ID Application on packages', [mark(13), ...CODE_SIGNING], 'installer', /installer packages/],
    ['a TLS server on code', ['extendedKeyUsage=serverAuth'], 'application', /other purposes/],
    [
      'a certificate without purposes on code',
      ['basicConstraints=CA:FALSE'],
      'application',
      /not marked for code/,
    ],
  ])('refuses %s', (_, extensions, use, message) => {
    expect(check(extensions, use)).toThrow(
      expect.objectContaining({
        code: 'WRONG_CERTIFICATE_KIND',
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });
});
