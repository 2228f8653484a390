import { generateKeyPairSync, verify } from 'node:crypto';
import { testPki } from '../../../test/pki/test-pki.js';
import { signingKeyOf } from './signing-key.js';

const message = new TextEncoder().encode('a message');

describe.each([
  ['rsa', testPki.developerIdApplication],
  ['ecdsa', testPki.ecDeveloperIdApplication],
] as const)('a signing key of kind %s', (algorithm, identity) => {
  it.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)(
    'signs what its certificate verifies, with %s',
    async (hash) => {
      const { signingKey, certificate } = identity();
      expect(signingKey.algorithm).toBe(algorithm);
      const signature = await signingKey.sign(message, hash);
      expect(verify(hash, message, certificate.publicKey, signature)).toBe(true);
    },
  );
});

describe('a private key of another certificate', () => {
  it('is refused', () => {
    const { certificate, chain } = testPki.developerIdApplication();
    const { privateKey } = testPki.ecDeveloperIdApplication();
    expect(() => signingKeyOf(privateKey, certificate, chain)).toThrow(
      expect.objectContaining({ code: 'KEY_MISMATCH' }) as Error,
    );
    const sameKind = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect(() => signingKeyOf(sameKind, certificate, chain)).toThrow(
      expect.objectContaining({ code: 'KEY_MISMATCH' }) as Error,
    );
  });
});
