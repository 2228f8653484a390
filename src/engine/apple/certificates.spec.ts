import { isIssuedBy, isSelfIssued } from '../crypto/certificate.js';
import { parseCertificate } from '../crypto/certificate.js';
import { OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { appleAuthorities, appleKindOf } from './certificates.js';

describe('appleAuthorities', () => {
  it('has both Developer ID authorities, and all that issue development certificates today', async () => {
    const names = (await appleAuthorities()).map(
      ({ subject }) => `${subject.commonName ?? ''}|${subject.organizationalUnit ?? ''}`,
    );
    expect(names).toEqual(
      expect.arrayContaining([
        'Apple Root CA|Apple Certification Authority',
        'Developer ID Certification Authority|Apple Certification Authority',
        'Developer ID Certification Authority|G2',
        ...['G3', 'G4', 'G6'].map(
          (name) => `Apple Worldwide Developer Relations Certification Authority|${name}`,
        ),
      ]),
    );
  });

  it('holds the root of every intermediate, proved by signature', async () => {
    const authorities = await appleAuthorities();
    for (const authority of authorities) {
      const issuer = authorities.find((candidate) => isIssuedBy(authority, candidate));
      expect({ name: authority.subject.text, isRoot: issuer && isSelfIssued(issuer) }).toEqual({
        name: authority.subject.text,
        isRoot: true,
      });
    }
  });

  it('is read once', () => {
    expect(appleAuthorities()).toBe(appleAuthorities());
  });
});

describeWithOracle('openssl', 'appleKindOf', () => {
  let pki: OpensslPki;

  beforeAll(() => {
    pki = new OpensslPki();
  });

  afterAll(() => {
    pki.remove();
  });

  it.each([
    ['Developer ID Application', [13]],
    ['Developer ID Application', [18, 13]],
    ['Developer ID Installer', [14]],
    ['Apple Development', [2, 12]],
    ['Apple Distribution', [4, 7]],
    ['Mac Development', [12]],
    ['Mac App Distribution', [7]],
    ['Mac Installer Distribution', [8]],
    ['iOS Development', [2]],
    ['iOS Distribution', [4]],
    [undefined, []],
  ])('knows %s by the marks %j', (kind, marks) => {
    const extensions = marks.map((mark) => `1.2.840.113635.100.6.1.${mark}=critical,DER:0500`);
    pki.issue('leaf', { key: 'ec:P-256', extensions });
    pki.run('x509', '-in', 'leaf.pem', '-outform', 'DER', '-out', 'leaf.der');
    expect(appleKindOf(parseCertificate(pki.read('leaf.der')))).toBe(kind);
  });
});
