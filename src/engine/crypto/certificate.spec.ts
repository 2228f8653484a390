import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { appleCertificate } from '../../../test/fixtures/apple-certificate.js';
import { OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { TEAM, testPki } from '../../../test/pki/test-pki.js';
import { toHex } from '../bytes/hex.js';
import { systemCode } from '../system/error.js';
import { isIssuedBy, isSelfIssued, parseCertificate } from './certificate.js';
import { OID } from './oids.js';

const APPLE = [
  'AppleIncRootCertificate',
  'AppleRootCA-G2',
  'AppleRootCA-G3',
  'AppleTimestampCA',
  'AppleWWDRCAG2',
  'AppleWWDRCAG3',
  'AppleWWDRCAG4',
  'AppleWWDRCAG6',
  'AppleWWDRCAG7',
  'AppleWWDRCAG8',
  'DeveloperIDCA',
  'DeveloperIDG2CA',
];

describe('a Developer ID certificate', () => {
  const { certificate: leaf } = testPki.developerIdApplication();

  it('tells team, purposes and Apple’s own extensions', () => {
    expect(leaf.subject.commonName).toBe(`Developer ID Application: Example Corporation (${TEAM})`);
    expect(leaf.subject.organizationalUnit).toBe(TEAM);
    expect(leaf.subject.organization).toBe('Example Corporation');
    expect(leaf.subject.country).toBe('US');
    expect(leaf.subject.attributes[0]).toEqual({ oid: OID.userId, value: TEAM });
    expect(leaf.extendedKeyUsage).toEqual([OID.codeSigning]);
    expect(leaf.keyUsage).toEqual(['digitalSignature']);
    expect(leaf.isCertificateAuthority).toBe(false);
    expect(leaf.keyAlgorithm).toBe('rsa');
    expect(toHex(leaf.extension('1.2.840.113635.100.6.1.13')!)).toBe('0500');
    expect(leaf.extension('1.2.840.113635.100.6.1.14')).toBeUndefined();
    expect(leaf.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it('is issued by its authority and by nobody else', () => {
    const [authority, root] = testPki.developerIdApplication().chain;
    expect(isIssuedBy(leaf, authority!)).toBe(true);
    expect(isIssuedBy(leaf, root!)).toBe(false);
    expect(leaf.authorityKeyIdentifier).toEqual(authority!.subjectKeyIdentifier);
  });
});

describe('Apple’s authority for Developer ID', () => {
  const authority = appleCertificate('DeveloperIDG2CA');
  const root = appleCertificate('AppleIncRootCertificate');

  it('was issued by the root, which issued itself', () => {
    expect(isIssuedBy(authority, root)).toBe(true);
    expect(isIssuedBy(root, root)).toBe(true);
    expect(isSelfIssued(root)).toBe(true);
    expect(isIssuedBy(authority, appleCertificate('AppleRootCA-G2'))).toBe(false);
  });

  it('issues to developers alone', () => {
    expect(authority.pathLength).toBe(0);
    expect(authority.keyUsage).toEqual(['keyCertSign', 'cRLSign']);
    expect(toHex(authority.extension('1.2.840.113635.100.6.2.6')!)).toBe('0500');
  });
});

describe('a certificate with a changed signature', () => {
  it('is no longer issued by its issuer', () => {
    const { certificate, chain } = testPki.developerIdApplication();
    const der = Uint8Array.from(certificate.der);
    der[der.length - 1]! ^= 1;
    expect(isIssuedBy(certificate, chain[0]!)).toBe(true);
    expect(isIssuedBy(parseCertificate(der), chain[0]!)).toBe(false);
  });
});

describe('malformed certificates', () => {
  const { der } = testPki.developerIdApplication().certificate;
  const outcomeOf = (data: Uint8Array) => {
    try {
      parseCertificate(data);
      return 'parsed';
    } catch (error) {
      return systemCode(error) ?? error;
    }
  };

  it('are MALFORMED when cut off at any length', () => {
    for (let size = 0; size < der.length; size++) expect(outcomeOf(der.subarray(0, size))).toBe('MALFORMED');
  });

  it('parse or are MALFORMED when any octets are changed', () => {
    const change = fc.tuple(fc.nat({ max: der.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Uint8Array.from(der);
        for (const [at, octet] of changes) changed[at] = octet;
        expect(['parsed', 'MALFORMED']).toContain(outcomeOf(changed));
      }),
      { seed: 3161, numRuns: 1500 },
    );
  });

  it('say so when only their key cannot be read', () => {
    const keyAt = Buffer.from(der).indexOf(Buffer.from('2a864886f70d010101', 'hex'));
    const changed = Uint8Array.from(der);
    changed[keyAt + 8] = 0x7f;
    const certificate = parseCertificate(changed);
    expect(certificate.keyAlgorithm).toBe('other');
    expect(() => certificate.publicKey).toThrow(
      expect.objectContaining({ code: 'INVALID_CERTIFICATE' }) as Error,
    );
  });
});

describeWithOracle('openssl', 'what openssl says of the same certificates', () => {
  const openssl = new OpensslPki();
  afterAll(() => {
    openssl.remove();
  });
  const show = (der: Uint8Array, ...options: string[]) => {
    openssl.write('certificate', der);
    return openssl
      .run('x509', '-inform', 'DER', '-in', 'certificate', '-noout', ...options)
      .trim()
      .replace('sha1 Finger', 'SHA1 Finger') // the case differs between versions
      .split('\n');
  };

  it.each(APPLE)('agrees on %s', (name) => {
    const certificate = appleCertificate(name);
    const { serialNumber, subject, issuer, notBefore, notAfter, sha1 } = certificate;
    const lines = show(
      certificate.der,
      ...[
        '-nameopt',
        'RFC2253',
        '-subject',
        '-issuer',
        '-serial',
        '-dates',
        '-dateopt',
        'iso_8601',
        '-fingerprint',
      ],
    );
    const day = (date: Date) => date.toISOString().replace('T', ' ').replace('.000', '');
    expect(lines).toEqual([
      `subject=${subject.text}`,
      `issuer=${issuer.text}`,
      `serial=${toHex(serialNumber)
        .toUpperCase()
        .replace(/^00(?=.)/, '')}`,
      `notBefore=${day(notBefore)}`,
      `notAfter=${day(notAfter)}`,
      `SHA1 Fingerprint=${sha1.toUpperCase().match(/../g)!.join(':')}`,
    ]);
  });

  it.each(Object.keys(testPki) as (keyof typeof testPki)[])('agrees on our test certificate %s', (name) => {
    const { certificate } = testPki[name]();
    const [subject, key] = [
      show(certificate.der, '-nameopt', 'RFC2253,-esc_msb', '-subject'),
      show(certificate.der, '-pubkey'),
    ];
    expect(subject).toEqual([`subject=${certificate.subject.text}`]);
    expect(`${key.join('\n')}\n`).toBe(certificate.publicKey.export({ type: 'spki', format: 'pem' }));
  });

  it('agrees on names with special characters, and with several attributes in one part', () => {
    openssl.issue('odd', {
      subject: '/C=US/O=A, "B" \\+ <C>; \\\\D/CN= #x\u0007+OU=y',
      extensions: ['keyUsage=keyAgreement,digitalSignature'],
    });
    openssl.run('x509', '-in', 'odd.pem', '-outform', 'DER', '-out', 'odd.der');
    const certificate = parseCertificate(new Uint8Array(readFileSync(openssl.path('odd.der'))));
    expect(show(certificate.der, '-nameopt', 'RFC2253', '-subject')).toEqual([
      `subject=${certificate.subject.text}`,
    ]);
    expect(certificate.keyUsage).toEqual(['digitalSignature', 'other']);
  });
});
