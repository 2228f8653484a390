import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SigningError } from '../system/error.js';
import type { Secret } from '../system/secret.js';

// PEM, the textual form of certificates and keys (RFC 7468), and OpenSSL's older encryption of it (RFC 1421).

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----/gs;

export function isPem(data: Uint8Array): boolean {
  return Buffer.from(data).includes('-----BEGIN ');
}

/** The DER of every certificate in a text, in its order. */
export function certificateBlocks(text: string): Uint8Array[] {
  return blocks(text)
    .filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE')
    .map(({ block }) => new Uint8Array(Buffer.from(block.replace(/-----[^-]+-----|\s/g, ''), 'base64')));
}

/** Every private key in a text, as PEM. */
export function privateKeyBlocks(text: string): string[] {
  return blocks(text)
    .filter(({ label }) => label.endsWith('PRIVATE KEY'))
    .map(({ block }) => block);
}

/**
 * A private key in any of its PEM forms: PKCS#8, PKCS#1 or SEC1, encrypted or not.
 * @throws SigningError `WRONG_PASSWORD`, `INVALID_KEY`
 */
export function readPrivateKey(pem: string, password: Secret | undefined): KeyObject {
  const passphrase = password?.expose();
  try {
    return createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase });
  } catch {
    throw keyError(pem, password); // No cause: it could quote the key.
  }
}

/** @param label for example `CERTIFICATE` */
export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function blocks(text: string): { label: string; block: string }[] {
  return Array.from(text.matchAll(BLOCK), ([block, label = '']) => ({ label, block }));
}

function keyError(pem: string, password: Secret | undefined): SigningError {
  if (!pem.includes('ENCRYPTED'))
    return new SigningError('INVALID_KEY', 'the private key cannot be read', {
      hint: 'convert it with openssl pkcs8 -topk8',
    });
  if (password) return new SigningError('WRONG_PASSWORD', 'the password does not open the private key');
  return new SigningError('WRONG_PASSWORD', 'the private key needs a password, and none was given', {
    hint: 'name the environment variable that holds the password',
  });
}
