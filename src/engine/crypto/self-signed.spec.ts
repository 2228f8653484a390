import { OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { fixedClock } from '../system/clock.js';
import { createSelfSigned } from './self-signed.js';

const clock = fixedClock(new Date('2026-03-01T12:34:56.789Z'));

describe('createSelfSigned', () => {
  it('names nothing but the common name: an organization would move the designated requirement to the root', async () => {
    const { certificate } = await createSelfSigned({ commonName: 'Ünit Tester', years: 10, clock });
    expect(certificate.subject.attributes).toEqual([{ oid: '2.5.4.3', value: 'Ünit Tester' }]);
    expect(certificate.issuer.der).toEqual(certificate.subject.der);
  });

  it('is valid from now, to the second, for so many years', async () => {
    const { certificate } = await createSelfSigned({ commonName: 'x', years: 30, clock });
    expect(certificate.notBefore).toEqual(new Date('2026-03-01T12:34:56Z'));
    expect(certificate.notAfter).toEqual(new Date('2056-03-01T12:34:56Z'));
  });

  it.each([0x00, 0x80, 0xff])(
    'has a positive serial number of 16 octets when all random octets are %i',
    async (octet) => {
      const random = (size: number) => new Uint8Array(size).fill(octet);
      const { certificate } = await createSelfSigned({ commonName: 'x', years: 1, clock, random });
      expect(certificate.serialNumber).toHaveLength(16);
      expect(certificate.serialNumber[0]! & 0x80).toBe(0);
    },
  );

  it('has a key of its own every time', async () => {
    const [one, other] = await Promise.all([
      createSelfSigned({ commonName: 'x', years: 1, clock }),
      createSelfSigned({ commonName: 'x', years: 1, clock }),
    ]);
    expect(one.certificate.sha256).not.toBe(other.certificate.sha256);
    expect(one.privateKey.equals(other.privateKey)).toBe(false);
  });
});

describeWithOracle('openssl', 'createSelfSigned as openssl sees it', () => {
  let pki: OpensslPki;

  beforeAll(async () => {
    pki = new OpensslPki();
    const { certificate, privateKey } = await createSelfSigned({
      commonName: 'Unit Tester',
      years: 10,
      clock,
    });
    pki.write('a.der', certificate.der);
    pki.write('a.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
    pki.run('x509', '-inform', 'DER', '-in', 'a.der', '-out', 'a.pem');
  });

  afterAll(() => {
    pki.remove();
  });

  it('is a certificate for code signing and for nothing else', () => {
    const text = pki.run('x509', '-in', 'a.pem', '-noout', '-text');
    expect(text).toContain('Version: 3 (0x2)');
    expect(text).toContain('Public-Key: (2048 bit)');
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage: critical\s+Code Signing\n/);
  });

  it('verifies against itself', () => {
    const at = String(Math.ceil(clock.now().getTime() / 1000));
    expect(pki.run('verify', '-x509_strict', '-CAfile', 'a.pem', '-attime', at, 'a.pem')).toContain('OK');
  });

  it('belongs to its key', () => {
    expect(pki.run('pkey', '-in', 'a.key', '-pubout')).toBe(
      pki.run('x509', '-in', 'a.pem', '-noout', '-pubkey'),
    );
  });
});
