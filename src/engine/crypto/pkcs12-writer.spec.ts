import { createPrivateKey } from 'node:crypto';
import { CA_EXTENSIONS, OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { Secret } from '../system/secret.js';
import { parseCertificate } from './certificate.js';
import { readPkcs12 } from './pkcs12.js';
import { writePkcs12, type Pkcs12Source } from './pkcs12-writer.js';

const PASSWORD = 'a Password, of ASCII!';

describeWithOracle('openssl', 'writePkcs12', () => {
  let pki: OpensslPki;

  beforeAll(() => {
    pki = new OpensslPki();
    pki.issue('root', { extensions: CA_EXTENSIONS });
    pki.issue('rsa', { issuer: 'root', subject: '/CN=Développeur' });
    pki.issue('p256', { issuer: 'root', key: 'ec:P-256' });
  });

  afterAll(() => {
    pki.remove();
  });

  const certificateOf = (name: string) => {
    pki.run('x509', '-in', `${name}.pem`, '-outform', 'DER', '-out', `${name}.der`);
    return parseCertificate(pki.read(`${name}.der`));
  };
  const sourceOf = (name: string, password = PASSWORD): Pkcs12Source => ({
    privateKey: createPrivateKey(Buffer.from(pki.read(`${name}.key`))),
    certificate: certificateOf(name),
    chain: [certificateOf('root')],
    password: new Secret(password),
  });

  it.each(['rsa', 'p256'])('writes a file that openssl opens without its legacy provider: %s', (name) => {
    pki.write('a.p12', writePkcs12(sourceOf(name)));
    pki.run('pkcs12', '-in', 'a.p12', '-out', 'a.pem', '-nodes', '-passin', `pass:${PASSWORD}`);
    expect(pki.run('pkey', '-in', 'a.pem')).toBe(pki.run('pkey', '-in', `${name}.key`));
    expect(pki.run('x509', '-in', 'a.pem', '-noout', '-fingerprint')).toBe(
      pki.run('x509', '-in', `${name}.pem`, '-noout', '-fingerprint'),
    );
    expect(new TextDecoder().decode(pki.read('a.pem')).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('uses nothing that macOS before 15 does not know, and names the entry after the certificate', () => {
    pki.write('a.p12', writePkcs12(sourceOf('rsa')));
    const info = pki.run(
      'pkcs12',
      '-info',
      '-in',
      'a.p12',
      '-out',
      'a.pem',
      '-nodes',
      '-passin',
      `pass:${PASSWORD}`,
    );
    expect(info.match(/.*(?:MAC|data|Bag).*/gi)).toEqual([
      'MAC: sha1, Iteration 2048',
      'MAC length: 20, salt length: 8',
      'PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048',
      'Certificate bag',
      'Certificate bag',
      'PKCS7 Data',
      'Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048',
    ]);
    const text = new TextDecoder('latin1').decode(pki.read('a.pem'));
    expect(text).toContain('friendlyName: Développeur');
    expect(text.match(/localKeyID/g)).toHaveLength(2);
  });

  it('writes what readPkcs12 reads', async () => {
    const source = sourceOf('p256');
    const read = await readPkcs12(writePkcs12(source), source.password);
    expect(read.privateKey.equals(source.privateKey)).toBe(true);
    expect(read.certificate.sha256).toBe(source.certificate.sha256);
  });

  it.each(['', 'pässwörd', 'two\nlines'])(
    'refuses the password %j, which macOS would ask for in a window',
    (password) => {
      const write = () => writePkcs12(sourceOf('rsa', password));
      expect(write).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
    },
  );
});
