import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseCertificate, type Certificate } from '../crypto/certificate.js';
import { readPkcs12, type Pkcs12 } from '../crypto/pkcs12.js';
import { isSameKey } from '../crypto/same-key.js';
import { SigningError } from '../system/error.js';
import type { Secret } from '../system/secret.js';
import type { Material } from './material.js';
import { certificateBlocks, isPem, privateKeyBlocks, readPrivateKey } from './pem.js';

/** A private key, its certificate and whatever other certificates came with them. */
export type KeyPair = Pkcs12;

/**
 * Understands a PKCS#12 file, or PEM with key and certificates, by what it holds and not by its name; with a key of its
 * own, certificates as PEM or (as Apple hands them out) DER.
 * @throws SigningError `WRONG_PASSWORD`, `INVALID_KEY`, `INVALID_CERTIFICATE`, `KEY_MISMATCH`, `UNSUPPORTED`; the message
 * begins with where the material came from
 */
export async function readKeyPair(
  certificate: Material,
  key: Material | undefined,
  password: Secret | undefined,
): Promise<KeyPair> {
  if (!key && !isPem(certificate.bytes)) return readContainer(certificate, password);
  const privateKey = about(key ?? certificate, () => readKey((key ?? certificate).bytes, password));
  const certificates = about(certificate, () => readCertificates(certificate.bytes));
  const publicKey = createPublicKey(privateKey);
  const own = certificates.find((one) => isSameKey(one.publicKey, publicKey));
  if (own) return { privateKey, certificate: own, certificates };
  const { origin } = key ?? certificate;
  throw new SigningError(
    'KEY_MISMATCH',
    `the key in ${origin} does not belong to the certificate in ${certificate.origin}`,
    {
      hint: 'give the key with which this certificate was requested',
    },
  );
}

async function readContainer(material: Material, password: Secret | undefined): Promise<KeyPair> {
  if (isCertificate(material.bytes))
    throw new SigningError('INVALID_KEY', `${material.origin} is a certificate without its private key`, {
      hint: 'name the key as well, or export both together as a .p12 file',
    });
  try {
    return await readPkcs12(material.bytes, password);
  } catch (error) {
    throw locate(error, material);
  }
}

function isCertificate(der: Uint8Array): boolean {
  try {
    parseCertificate(der);
    return true;
  } catch {
    return false;
  }
}

function readKey(bytes: Uint8Array, password: Secret | undefined): KeyObject {
  const [pem, ...others] = privateKeyBlocks(new TextDecoder().decode(bytes));
  if (pem !== undefined && others.length === 0) return readPrivateKey(pem, password);
  throw new SigningError(
    'INVALID_KEY',
    `${others.length + (pem === undefined ? 0 : 1)} private keys as PEM`,
    {
      hint: 'give exactly one, between BEGIN PRIVATE KEY and END PRIVATE KEY',
    },
  );
}

function readCertificates(bytes: Uint8Array): Certificate[] {
  const encoded = isPem(bytes) ? certificateBlocks(new TextDecoder().decode(bytes)) : [bytes];
  if (encoded.length === 0)
    throw new SigningError('INVALID_CERTIFICATE', 'no certificate', {
      hint: 'a certificate stands between BEGIN CERTIFICATE and END CERTIFICATE',
    });
  return encoded.map(readCertificate);
}

function readCertificate(der: Uint8Array): Certificate {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (!(error instanceof SigningError)) throw error;
    throw new SigningError('INVALID_CERTIFICATE', error.message, { hint: 'download it again', cause: error });
  }
}

function about<T>(material: Material, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw locate(error, material);
  }
}

function locate(error: unknown, { origin }: Material): unknown {
  if (!(error instanceof SigningError)) return error;
  const { code, message, hint, cause } = error;
  return new SigningError(code, `${origin}: ${message}`, { hint, cause });
}
