import { createPublicKey, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { SigningError } from '../system/error.js';
import type { Certificate } from './certificate.js';
import type { HashAlgorithm } from './digest.js';
import { isSameKey } from './same-key.js';

const signInThreadPool = promisify(sign);

/** Who signs: a certificate, and something that can sign for it, wherever the private key may lie. */
export interface SigningKey {
  readonly certificate: Certificate;
  /** The issuers, nearest first, the root last when it is known. */
  readonly chain: readonly Certificate[];
  readonly algorithm: 'rsa' | 'ecdsa';
  /** Hashes `message` and signs the digest: RSASSA-PKCS1-v1_5 (RFC 8017 8.2), or ECDSA as DER (RFC 3279 2.2.3). */
  sign(message: Uint8Array, hash: HashAlgorithm): Promise<Uint8Array>;
}

/**
 * A private key at hand, in this process's memory.
 * @throws SigningError `KEY_MISMATCH` when the key does not belong to the certificate, `INVALID_KEY` when code
 * cannot be signed with its kind
 */
export function signingKeyOf(
  privateKey: KeyObject,
  certificate: Certificate,
  chain: readonly Certificate[],
): SigningKey {
  if (!isSameKey(createPublicKey(privateKey), certificate.publicKey))
    throw new SigningError('KEY_MISMATCH', `the private key does not belong to ${certificate.subject.text}`, {
      hint: 'give the key with which this certificate was requested',
    });
  return {
    certificate,
    chain,
    algorithm: algorithmOf(certificate),
    sign: async (message, hash) =>
      new Uint8Array(await signInThreadPool(hash, message, { key: privateKey, dsaEncoding: 'der' })),
  };
}

function algorithmOf(certificate: Certificate): SigningKey['algorithm'] {
  if (certificate.keyAlgorithm !== 'other') return certificate.keyAlgorithm;
  throw new SigningError('INVALID_KEY', `the key of ${certificate.subject.text} is neither RSA nor ECDSA`, {
    hint: 'use a certificate for an RSA or elliptic-curve key',
  });
}
