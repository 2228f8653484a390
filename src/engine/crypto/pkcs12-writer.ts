import { createCipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { SigningError } from '../system/error.js';
import type { Secret } from '../system/secret.js';
import type { Certificate } from './certificate.js';
import { explicit, implicit, integer, nullValue, octetString, oid, sequence, set, tlv, TAG } from './der.js';
import { OID } from './oids.js';
import { macOf } from './pkcs12-container.js';
import { pkcs12Key, PURPOSE, type Derivation } from './pkcs12-key.js';
import { PKCS12 } from './pkcs12-oids.js';

export interface Pkcs12Source {
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
  /** The issuers that go with it, in any order. */
  readonly chain: readonly Certificate[];
  /** Printable ASCII, not empty. */
  readonly password: Secret;
}

/** As OpenSSL counts; the file guards a key for minutes, behind a long random password. */
const ITERATIONS = 2048;

/**
 * A `.p12` file that every macOS can import: Triple DES and a SHA-1 MAC, because Security before macOS 15 knows nothing
 * newer, and an ASCII password, because `security import` opens a window for any other.
 * @throws SigningError `INVALID_OPTION` for another password
 */
export function writePkcs12({ privateKey, certificate, chain, password }: Pkcs12Source): Uint8Array {
  const text = asciiPassword(password);
  const attributes = bagAttributes(certificate);
  const key = privateKey.export({ type: 'pkcs8', format: 'der' });
  const keySafe = sequence(bag(PKCS12.shroudedKeyBag, shrouded(key, text), attributes));
  const certificateSafe = sequence(
    certificateBag(certificate, attributes),
    ...chain.map((one) => certificateBag(one)),
  );
  const content = sequence(encryptedContentInfo(certificateSafe, text), contentInfo(keySafe));
  return sequence(integer(3), contentInfo(content), macData(content, text));
}

function asciiPassword(password: Secret): string {
  const text = password.expose();
  if (/^[ -~]+$/.test(text)) return text;
  throw new SigningError(
    'INVALID_OPTION',
    'the password of a PKCS#12 file for macOS has to be printable ASCII',
    {
      hint: 'choose one of letters, digits and signs',
    },
  );
}

/** Names the entry in Keychain Access, and ties key and certificate together. */
function bagAttributes({ subject, sha1 }: Certificate): Uint8Array {
  const name = Buffer.from(subject.commonName ?? subject.text, 'utf16le').swap16();
  return set(
    sequence(oid(PKCS12.friendlyName), set(tlv(TAG.bmpString, name))),
    sequence(oid(PKCS12.localKeyId), set(octetString(Buffer.from(sha1, 'hex')))),
  );
}

function certificateBag(certificate: Certificate, ...attributes: readonly Uint8Array[]): Uint8Array {
  const value = sequence(oid(PKCS12.x509Certificate), explicit(0, octetString(certificate.der)));
  return bag(PKCS12.certBag, value, ...attributes);
}

function bag(type: string, value: Uint8Array, ...attributes: readonly Uint8Array[]): Uint8Array {
  return sequence(oid(type), explicit(0, value), ...attributes);
}

function shrouded(key: Uint8Array, password: string): Uint8Array {
  const { algorithm, octets } = encrypt(key, password);
  return sequence(algorithm, octetString(octets));
}

function encryptedContentInfo(safe: Uint8Array, password: string): Uint8Array {
  const { algorithm, octets } = encrypt(safe, password);
  const content = sequence(oid(OID.data), algorithm, implicit(0, octetString(octets)));
  return sequence(oid(PKCS12.encryptedData), explicit(0, sequence(integer(0), content)));
}

function contentInfo(safe: Uint8Array): Uint8Array {
  return sequence(oid(OID.data), explicit(0, octetString(safe)));
}

function encrypt(plain: Uint8Array, password: string): { algorithm: Uint8Array; octets: Uint8Array } {
  const derivation = freshDerivation();
  const key = pkcs12Key(password, PURPOSE.encryption, derivation, 24);
  const cipher = createCipheriv(
    'des-ede3-cbc',
    key,
    pkcs12Key(password, PURPOSE.initializationVector, derivation, 8),
  );
  const parameters = sequence(octetString(derivation.salt), integer(derivation.iterations));
  return {
    algorithm: sequence(oid(PKCS12.shaAnd3KeyTripleDes), parameters),
    octets: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

function macData(content: Uint8Array, password: string): Uint8Array {
  const derivation = freshDerivation();
  const digestInfo = sequence(
    sequence(oid(OID.sha1), nullValue),
    octetString(macOf(content, derivation, password)),
  );
  return sequence(digestInfo, octetString(derivation.salt), integer(derivation.iterations));
}

function freshDerivation(): Derivation {
  return { digest: 'sha1', salt: randomBytes(8), iterations: ITERATIONS };
}
