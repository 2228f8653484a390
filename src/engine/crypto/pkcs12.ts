import { createPublicKey, type KeyObject } from 'node:crypto';
import { OutOfBounds } from '../bytes/layout.js';
import { SigningError } from '../system/error.js';
import type { Secret } from '../system/secret.js';
import type { Certificate } from './certificate.js';
import { admits, readContainer } from './pkcs12-container.js';
import { isSameKey } from './same-key.js';
import { openSafes, WrongPassword, type Pkcs12Contents } from './pkcs12-safes.js';

// PKCS#12 (RFC 7292): PFX > AuthenticatedSafe > SafeContents, some of them encrypted > bags with keys and certificates.

/** A private key, its certificate, and all certificates of the file (the key's own among them, in the file's order). */
export interface Pkcs12 {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
  readonly certificates: readonly Certificate[];
}

/**
 * Opens the bytes of a `.p12` or `.pfx` file; no password and an empty one are the same.
 * @throws SigningError `WRONG_PASSWORD`, `INVALID_KEY` when the file is damaged or has not exactly one private key,
 * `INVALID_CERTIFICATE` when it has no certificate, `KEY_MISMATCH` when none is the key's, `UNSUPPORTED`
 */
export async function readPkcs12(data: Uint8Array, password: Secret | undefined): Promise<Pkcs12> {
  const text = password?.expose() ?? '';
  try {
    return identityOf(await openContainer(data, text));
  } catch (error) {
    if (error instanceof WrongPassword && text === '') throw noPassword();
    if (error instanceof OutOfBounds || (error instanceof SigningError && error.code === 'MALFORMED'))
      throw damaged(error);
    throw error;
  }
}

/** Writers disagree on whether no password means an empty one or none at all: RFC 7292 has keys for both. */
async function openContainer(data: Uint8Array, password: string): Promise<Pkcs12Contents> {
  const container = readContainer(data);
  for (const candidate of password === '' ? ['', undefined] : [password]) {
    if (!admits(container, candidate)) continue;
    try {
      return await openSafes(container, candidate);
    } catch (error) {
      if (!(error instanceof WrongPassword)) throw error;
    }
  }
  throw new WrongPassword();
}

function identityOf({ keys, certificates }: Pkcs12Contents): Pkcs12 {
  const privateKey = onlyKey(keys);
  if (certificates.length === 0)
    throw new SigningError('INVALID_CERTIFICATE', 'the PKCS#12 file holds a private key but no certificate', {
      hint: 'export the certificate together with its key',
    });
  const publicKey = createPublicKey(privateKey);
  const own = certificates.filter((certificate) => isSameKey(certificate.publicKey, publicKey));
  if (own.length === 0)
    throw new SigningError('KEY_MISMATCH', 'no certificate of the PKCS#12 file belongs to its private key', {
      hint: 'export the certificate together with its own key',
    });
  return { privateKey, certificate: own.reduce(longerValid), certificates };
}

function onlyKey(keys: readonly KeyObject[]): KeyObject {
  const [key, ...others] = keys;
  if (key && others.length === 0) return key;
  throw new SigningError('INVALID_KEY', `the PKCS#12 file holds ${keys.length || 'no'} private keys`, {
    hint: key
      ? 'export one identity at a time'
      : 'export it with the private key: in Keychain Access, choose the entry under My Certificates',
  });
}

/** A renewed certificate may keep its key: the one that is valid longest is meant. */
function longerValid(a: Certificate, b: Certificate): Certificate {
  return b.notAfter > a.notAfter ? b : a;
}

function noPassword(): SigningError {
  return new SigningError('WRONG_PASSWORD', 'the PKCS#12 file needs a password, and none was given', {
    hint: 'name the environment variable that holds the password',
  });
}

function damaged(cause: Error): SigningError {
  return new SigningError('INVALID_KEY', `this is no whole PKCS#12 file: ${cause.message}`, {
    hint: 'export it again; if it travelled as base64, compare the sizes at both ends',
    cause,
  });
}
