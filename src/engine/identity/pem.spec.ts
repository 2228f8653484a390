import { createPrivateKey } from 'node:crypto';
import { OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { Secret } from '../system/secret.js';
import { certificateBlocks, pemOf, privateKeyBlocks, readPrivateKey } from './pem.js';

const PASSWORD = 'pass phräse';

describeWithOracle('openssl', 'readPrivateKey', () => {
  let pki: OpensslPki;

  beforeAll(() => {
    pki = new OpensslPki();
    pki.issue('rsa');
    pki.issue('ec', { key: 'ec:P-256' });
  });

  afterAll(() => {
    pki.remove();
  });

  const text = (name: string) => new TextDecoder().decode(pki.read(name));

  it.each([
    ['PKCS#8', 'rsa', ['pkey', '-in', 'rsa.key', '-out', 'k.pem']],
    ['PKCS#1', 'rsa', ['rsa', '-in', 'rsa.key', '-traditional', '-out', 'k.pem']],
    [
      'SEC1 with parameters in front',
      'ec',
      ['ec', '-in', 'ec.key', '-param_enc', 'named_curve', '-out', 'k.pem'],
    ],
  ])('reads %s', (_, name, args) => {
    pki.run(...args);
    const [pem = ''] = privateKeyBlocks(text('k.pem'));
    expect(readPrivateKey(pem, undefined).equals(createPrivateKey(text(`${name}.key`)))).toBe(true);
  });

  describe.each([
    ['PKCS#8', ['pkcs8', '-topk8', '-in', 'rsa.key', '-out', 'k.pem', '-passout', `pass:${PASSWORD}`]],
    [
      'PKCS#8 with scrypt',
      ['pkcs8', '-topk8', '-scrypt', '-in', 'rsa.key', '-out', 'k.pem', '-passout', `pass:${PASSWORD}`],
    ],
    [
      'PKCS#8 with Triple DES',
      [
        'pkcs8',
        '-topk8',
        '-v1',
        'PBE-SHA1-3DES',
        '-in',
        'rsa.key',
        '-out',
        'k.pem',
        '-passout',
        `pass:${PASSWORD}`,
      ],
    ],
    [
      "OpenSSL's older encryption",
      ['rsa', '-in', 'rsa.key', '-traditional', '-aes256', '-out', 'k.pem', '-passout', `pass:${PASSWORD}`],
    ],
  ])('when the key is encrypted: %s', (_, args) => {
    const encrypted = () => {
      pki.run(...args);
      return privateKeyBlocks(text('k.pem'))[0]!;
    };

    it('reads it with its password', () => {
      const key = readPrivateKey(encrypted(), new Secret(PASSWORD));
      expect(key.equals(createPrivateKey(text('rsa.key')))).toBe(true);
    });

    it('refuses another password, and none', () => {
      const pem = encrypted();
      for (const password of [new Secret('other'), undefined])
        expect(() => readPrivateKey(pem, password)).toThrow(
          expect.objectContaining({ code: 'WRONG_PASSWORD' }) as Error,
        );
    });
  });

  it('refuses what is no key', () => {
    expect(() => readPrivateKey(text('rsa.pem'), undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_KEY' }) as Error,
    );
  });

  it('writes certificates as openssl does', () => {
    const [der] = certificateBlocks(`preamble\n${text('rsa.pem')}`);
    expect(pemOf('CERTIFICATE', der!)).toBe(text('rsa.pem'));
  });
});
