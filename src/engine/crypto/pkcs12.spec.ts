import forge from 'node-forge';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CA_EXTENSIONS, OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { Secret } from '../system/secret.js';
import { explicit, indefiniteTlv, integer, octetString, oid, sequence } from './der.js';
import { OID } from './oids.js';
import { readPkcs12 } from './pkcs12.js';
import { readContainer } from './pkcs12-container.js';
import { PKCS12 } from './pkcs12-oids.js';

const PASSWORD = 'correct horse';
const LEGACY = ['-legacy', '-provider', 'legacy', '-provider', 'default'];

describeWithOracle('openssl', 'readPkcs12 with files that openssl made', () => {
  let pki: OpensslPki;

  beforeAll(() => {
    pki = new OpensslPki();
    pki.issue('root', { extensions: CA_EXTENSIONS });
    pki.issue('intermediate', { issuer: 'root', extensions: CA_EXTENSIONS });
    pki.issue('rsa', { issuer: 'intermediate' });
    pki.issue('p256', { key: 'ec:P-256' });
    pki.issue('p384', { key: 'ec:P-384' });
    pki.issue('other');
    pki.write('chain.pem', Buffer.concat([pki.read('root.pem'), pki.read('intermediate.pem')]));
  });

  afterAll(() => {
    pki.remove();
  });

  const expectIdentity = async (data: Uint8Array, password: string | undefined, name: string) => {
    const read = await readPkcs12(data, password === undefined ? undefined : new Secret(password));
    const key = createPrivateKey(Buffer.from(pki.read(`${name}.key`)));
    const certificate = new X509Certificate(pki.read(`${name}.pem`));
    expect(read.privateKey.equals(key)).toBe(true);
    expect(Buffer.from(read.certificate.der).equals(certificate.raw)).toBe(true);
    return read;
  };

  describe.each([
    ["OpenSSL 3's default (AES-256, SHA-256)", []],
    ['-legacy (RC2-40, Triple DES, SHA-1)', LEGACY],
    [
      '128-bit RC2 for everything',
      [...LEGACY, '-keypbe', 'PBE-SHA1-RC2-128', '-certpbe', 'PBE-SHA1-RC2-128'],
    ],
    ['-descert (Triple DES)', ['-descert', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
    ['Triple DES with two keys', ['-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-2DES']],
    ['AES-128', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC']],
    ['AES-192', ['-keypbe', 'AES-192-CBC', '-certpbe', 'AES-192-CBC']],
    ['PBES2 with Triple DES', ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'DES-EDE3-CBC']],
    ['an open key and open certificates', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
    ['open certificates only', ['-certpbe', 'NONE']],
    ['a SHA-384 MAC', ['-macalg', 'sha384']],
    ['a SHA-512 MAC', ['-macalg', 'sha512']],
    ['no MAC', ['-nomac']],
    ['one iteration', ['-noiter', '-nomaciter']],
    ['a friendly name', ['-name', 'Ünïted']],
  ])('%s', (_, options) => {
    it.each(['rsa', 'p256', 'p384'])('gives the key and certificate of %s', async (name) => {
      await expectIdentity(pki.exportPkcs12(name, 'a.p12', PASSWORD, ...options), PASSWORD, name);
    });

    it.each([
      ['a password beyond ASCII', 'pässwörd €'],
      ['a password beyond 16 bits', 'key 🔑'],
      ['a password longer than a block', 'long'.repeat(40)],
    ])('opens with %s', async (_, password) => {
      await expectIdentity(pki.exportPkcs12('p256', 'a.p12', password, ...options), password, 'p256');
    });

    it('opens with an empty password and with none when its password is empty', async () => {
      const data = pki.exportPkcs12('p256', 'a.p12', '', ...options);
      await expectIdentity(data, undefined, 'p256');
      await expectIdentity(data, '', 'p256');
    });
  });

  describe.each([[[]], [LEGACY], [['-nomac']], [['-keypbe', 'NONE', '-certpbe', 'NONE']]])(
    'made with %j',
    (options) => {
      it('is refused with a wrong password, which no text shows', async () => {
        const data = pki.exportPkcs12('rsa', 'a.p12', PASSWORD, ...options);
        const wrong = 'battery staple';
        const error: unknown = await readPkcs12(data, new Secret(wrong)).catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: 'WRONG_PASSWORD' });
        expect(`${JSON.stringify(error)}${(error as Error).stack ?? ''}`).not.toContain(wrong);
      });

      it('says that a password is missing when there is none', async () => {
        const data = pki.exportPkcs12('rsa', 'a.p12', PASSWORD, ...options);
        const message = 'the PKCS#12 file needs a password, and none was given';
        await expect(readPkcs12(data, undefined)).rejects.toMatchObject({ code: 'WRONG_PASSWORD', message });
      });
    },
  );

  it('finds the certificate of the key among others in any order', async () => {
    pki.write(
      'all.pem',
      Buffer.concat(['p256', 'root', 'other', 'rsa', 'intermediate'].map((name) => pki.read(`${name}.pem`))),
    );
    pki.run(
      ...['pkcs12', '-export', '-in', 'all.pem', '-inkey', 'rsa.key', '-out', 'all.p12'],
      ...['-passout', `pass:${PASSWORD}`],
    );
    const { certificates } = await expectIdentity(pki.read('all.p12'), PASSWORD, 'rsa');
    expect(certificates.map(({ subject }) => subject.commonName).sort()).toEqual([
      'intermediate',
      'other',
      'p256',
      'root',
      'rsa',
    ]);
  });

  it('takes the certificate that is valid longest when the key was used again', async () => {
    pki.issue('renewed', { keyOf: 'other', days: 90 });
    const data = pki.exportPkcs12('other', 'a.p12', PASSWORD, '-certfile', 'renewed.pem');
    const { certificate } = await readPkcs12(data, new Secret(PASSWORD));
    expect(certificate.subject.commonName).toBe('renewed');
  });

  it('says how to export the private key when there is none', async () => {
    pki.run(
      'pkcs12',
      '-export',
      '-nokeys',
      '-in',
      'rsa.pem',
      '-out',
      'a.p12',
      '-passout',
      `pass:${PASSWORD}`,
    );
    await expect(readPkcs12(pki.read('a.p12'), new Secret(PASSWORD))).rejects.toMatchObject({
      code: 'INVALID_KEY',
      message: 'the PKCS#12 file holds no private keys',
      hint: expect.stringContaining('with the private key') as string,
    });
  });

  it('refuses a key without a certificate', async () => {
    pki.run(
      ...['pkcs12', '-export', '-nocerts', '-inkey', 'rsa.key', '-in', 'rsa.pem', '-out', 'a.p12'],
      ...['-passout', `pass:${PASSWORD}`],
    );
    await expect(readPkcs12(pki.read('a.p12'), new Secret(PASSWORD))).rejects.toMatchObject({
      code: 'INVALID_CERTIFICATE',
    });
  });

  it('reads open-ended lengths and strings in pieces, as NSS and Java libraries write them', async () => {
    const { content } = readContainer(pki.exportPkcs12('p256', 'a.p12', PASSWORD, '-nomac'));
    const pieces = indefiniteTlv(
      0x24,
      octetString(content.subarray(0, 100)),
      octetString(content.subarray(100)),
    );
    const info = indefiniteTlv(0x30, oid(OID.data), indefiniteTlv(0xa0, pieces));
    await expectIdentity(indefiniteTlv(0x30, integer(3), info), PASSWORD, 'p256');
  });

  it('opens a file that was sealed without any password, not even an empty one', async () => {
    const pem = (name: string) => new TextDecoder().decode(pki.read(name));
    const key = forge.pki.privateKeyFromPem(pem('rsa.key'));
    const container = forge.pkcs12.toPkcs12Asn1(key, [forge.pki.certificateFromPem(pem('rsa.pem'))], null, {
      useMac: true,
    });
    const data = Buffer.from(forge.asn1.toDer(container).getBytes(), 'latin1');
    await expectIdentity(data, undefined, 'rsa');
    await expectIdentity(data, '', 'rsa');
  });

  it('refuses a truncated or overlong file whatever its length', async () => {
    const data = pki.exportPkcs12('p256', 'a.p12', PASSWORD);
    for (let length = 0; length < data.length; length += 7)
      await expect(readPkcs12(data.subarray(0, length), new Secret(PASSWORD))).rejects.toMatchObject({
        code: 'INVALID_KEY',
      });
    const longer = Buffer.concat([data, Buffer.from('\n')]);
    await expect(readPkcs12(longer, new Secret(PASSWORD))).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });

  it('fails as expected wherever one byte is damaged', async () => {
    const data = pki.exportPkcs12('p256', 'a.p12', PASSWORD, '-noiter', '-nomaciter');
    for (let at = 0; at < data.length; at++) {
      const damaged = Uint8Array.from(data);
      damaged[at]! ^= 0x55;
      const error: unknown = await readPkcs12(damaged, new Secret(PASSWORD)).then(
        () => undefined,
        (caught: unknown) => caught,
      );
      if (error !== undefined) expect(error).toMatchObject({ name: 'SigningError' });
    }
  });
});

describe('readPkcs12', () => {
  const contentInfo = (safe: Uint8Array) => sequence(oid(OID.data), explicit(0, octetString(safe)));
  const container = (...safes: readonly Uint8Array[]) =>
    sequence(integer(3), contentInfo(sequence(...safes.map(contentInfo))));

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['text', new TextEncoder().encode('-----BEGIN CERTIFICATE-----')],
    ['another version', sequence(integer(1), contentInfo(sequence()))],
    [
      'a key that is none',
      container(sequence(sequence(oid(PKCS12.keyBag), explicit(0, sequence(integer(0)))))),
    ],
    ['nothing', container()],
  ])('refuses %s', async (_, data) => {
    await expect(readPkcs12(data, undefined)).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });

  it('refuses a count of iterations that would take hours', async () => {
    const algorithm = sequence(
      oid(PKCS12.shaAnd3KeyTripleDes),
      sequence(octetString(new Uint8Array(8)), integer(0x7fffffff)),
    );
    const bag = sequence(
      oid(PKCS12.shroudedKeyBag),
      explicit(0, sequence(algorithm, octetString(new Uint8Array(8)))),
    );
    await expect(readPkcs12(container(sequence(bag)), undefined)).rejects.toMatchObject({
      code: 'INVALID_KEY',
    });
  });
});
