import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { isSameKey } from './same-key.js';

describe('isSameKey', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' });

  it.each([
    ['RSA and P-256', rsa, p256],
    ['P-256 and RSA', p256, rsa],
    ['P-256 and P-384', p256, p384],
  ])('tells %s apart, and spoils nothing that follows', (_, one, other) => {
    expect(isSameKey(one.publicKey, other.publicKey)).toBe(false);
    expect(createPrivateKey(pem).equals(rsa.privateKey)).toBe(true);
  });

  it('knows a key again', () => {
    expect(isSameKey(p256.publicKey, p256.publicKey)).toBe(true);
  });
});
