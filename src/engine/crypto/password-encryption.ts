import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { SigningError } from '../system/error.js';
import { readOid, readSmallInteger, sequenceFields, stringOctets, type BerNode } from './ber.js';
import { TAG } from './der.js';
import { checkIterations, pkcs12Key, PURPOSE, type Derivation, type Pkcs12Digest } from './pkcs12-key.js';
import { PKCS12 } from './pkcs12-oids.js';

/** With what to decrypt. `rc2` has as many effective bits as its key is long. */
export interface CipherKey {
  /** A name that node:crypto knows, or `rc2`, which OpenSSL 3 has given up but Keychain Access has not. */
  readonly cipher: string;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

interface LegacyCipher {
  readonly cipher: string;
  readonly keySize: number;
}

const LEGACY_CIPHERS: Readonly<Record<string, LegacyCipher>> = {
  [PKCS12.shaAnd3KeyTripleDes]: { cipher: 'des-ede3-cbc', keySize: 24 },
  [PKCS12.shaAnd2KeyTripleDes]: { cipher: 'des-ede-cbc', keySize: 16 },
  [PKCS12.shaAnd128BitRc2]: { cipher: 'rc2', keySize: 16 },
  [PKCS12.shaAnd40BitRc2]: { cipher: 'rc2', keySize: 5 },
};

/** RFC 8018 appendix B.2.5 and NIST's list of AES identifiers. */
const PBES2_CIPHERS: Readonly<Record<string, LegacyCipher>> = {
  '1.2.840.113549.3.7': { cipher: 'des-ede3-cbc', keySize: 24 },
  '2.16.840.1.101.3.4.1.2': { cipher: 'aes-128-cbc', keySize: 16 },
  '2.16.840.1.101.3.4.1.22': { cipher: 'aes-192-cbc', keySize: 24 },
  '2.16.840.1.101.3.4.1.42': { cipher: 'aes-256-cbc', keySize: 32 },
};

/** RFC 8018 appendix B.1.2; without one, SHA-1 is meant. */
const PBKDF2_DIGESTS: Readonly<Record<string, Pkcs12Digest>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/**
 * The key that `password` gives for an encryption AlgorithmIdentifier of PKCS#12 or PKCS#5.
 * @throws SigningError `UNSUPPORTED` for an algorithm that no common writer uses, `MALFORMED`
 */
export async function cipherKey(algorithm: BerNode, password: string | undefined): Promise<CipherKey> {
  const fields = sequenceFields(algorithm);
  const oid = readOid(fields.take(TAG.oid));
  const parameters = fields.take(TAG.sequence);
  if (oid === PKCS12.pbes2) return pbes2Key(parameters, password ?? '');
  const { cipher, keySize } = known(LEGACY_CIPHERS, oid, 'encryption');
  const derivation = readLegacyDerivation(parameters);
  return {
    cipher,
    key: pkcs12Key(password, PURPOSE.encryption, derivation, keySize),
    iv: pkcs12Key(password, PURPOSE.initializationVector, derivation, 8),
  };
}

/** pkcs-12PbeParams (RFC 7292 appendix C). */
function readLegacyDerivation(parameters: BerNode): Derivation {
  const fields = sequenceFields(parameters);
  const salt = stringOctets(fields.take(TAG.octetString));
  return { digest: 'sha1', salt, iterations: readSmallInteger(fields.take(TAG.integer)) };
}

/** PBES2-params (RFC 8018 appendix A.4). Unlike PKCS#12's own derivation, this one takes the password as UTF-8. */
async function pbes2Key(parameters: BerNode, password: string): Promise<CipherKey> {
  const fields = sequenceFields(parameters);
  const derivation = readPbkdf2(fields.take(TAG.sequence));
  const encryption = sequenceFields(fields.take(TAG.sequence));
  const { cipher, keySize } = known(PBES2_CIPHERS, readOid(encryption.take(TAG.oid)), 'encryption');
  const iv = stringOctets(encryption.take(TAG.octetString));
  const { salt, iterations, digest } = derivation;
  return { cipher, iv, key: await promisify(pbkdf2)(password, salt, iterations, keySize, digest) };
}

/** PBKDF2-params (RFC 8018 appendix A.2); the key length repeats what the cipher says. */
function readPbkdf2(algorithm: BerNode): Derivation {
  const outer = sequenceFields(algorithm);
  const oid = readOid(outer.take(TAG.oid));
  if (oid !== PKCS12.pbkdf2) throw unsupported('key derivation', oid);
  const fields = sequenceFields(outer.take(TAG.sequence));
  const salt = stringOctets(fields.take(TAG.octetString));
  const iterations = readSmallInteger(fields.take(TAG.integer));
  checkIterations(iterations);
  fields.takeIf(TAG.integer);
  const digestField = fields.takeIf(TAG.sequence);
  const digest = digestField
    ? known(PBKDF2_DIGESTS, readOid(sequenceFields(digestField).take(TAG.oid)), 'key derivation')
    : 'sha1';
  return { digest, salt, iterations };
}

function known<T>(table: Readonly<Record<string, T>>, oid: string, what: string): T {
  const value = table[oid];
  if (value === undefined) throw unsupported(what, oid);
  return value;
}

function unsupported(what: string, oid: string): SigningError {
  return new SigningError('UNSUPPORTED', `the ${what} ${oid} of the key file is not supported`, {
    hint: 'open it with openssl pkcs12 and export it again',
  });
}
