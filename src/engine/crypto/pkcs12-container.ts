import { createHmac, timingSafeEqual } from 'node:crypto';
import { SigningError } from '../system/error.js';
import {
  Fields,
  malformed,
  readOid,
  readOnly,
  readSmallInteger,
  sequenceFields,
  stringOctets,
  type BerNode,
} from './ber.js';
import { contextTag, TAG } from './der.js';
import { OID } from './oids.js';
import { pkcs12Key, PURPOSE, type Derivation, type Pkcs12Digest } from './pkcs12-key.js';

/** The outermost layer of a PKCS#12 file, PFX (RFC 7292 4). */
export interface Pkcs12Container {
  /** The octets of the AuthenticatedSafe, which the MAC covers. */
  readonly content: Uint8Array;
  readonly mac: Mac | undefined;
}

interface Mac {
  readonly derivation: Derivation;
  readonly value: Uint8Array;
}

const MAC_DIGESTS: Readonly<Record<string, Pkcs12Digest>> = {
  [OID.sha1]: 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  [OID.sha256]: 'sha256',
  [OID.sha384]: 'sha384',
  [OID.sha512]: 'sha512',
};

/** @throws SigningError `MALFORMED`, `UNSUPPORTED`, OutOfBounds */
export function readContainer(data: Uint8Array): Pkcs12Container {
  const fields = sequenceFields(readOnly(data));
  const version = readSmallInteger(fields.take(TAG.integer));
  if (version !== 3) throw malformed(`version ${version}`);
  const content = dataOctets(sequenceFields(fields.take(TAG.sequence)));
  const mac = fields.takeIf(TAG.sequence);
  return { content, mac: mac && readMac(mac) };
}

/** What a ContentInfo of type data holds. The other type, signed data, needs the receiver's key and is not in use. */
export function dataOctets(contentInfo: Fields): Uint8Array {
  const type = readOid(contentInfo.take(TAG.oid));
  if (type !== OID.data) throw malformed(`content of type ${type}`);
  return stringOctets(
    new Fields(contentInfo.take(contextTag(0))).take(TAG.octetString, TAG.octetString | 0x20),
  );
}

/** Whether the MAC was made with this password; true without a MAC, which leaves the question open. */
export function admits({ content, mac }: Pkcs12Container, password: string | undefined): boolean {
  return !mac || timingSafeEqual(macOf(content, mac.derivation, password), mac.value);
}

/** The MAC of RFC 7292 appendix B.4. */
export function macOf(content: Uint8Array, derivation: Derivation, password: string | undefined): Uint8Array {
  const { digest } = derivation;
  const key = pkcs12Key(password, PURPOSE.mac, derivation, digestSize(digest));
  return createHmac(digest, key).update(content).digest();
}

function readMac(node: BerNode): Mac {
  const fields = sequenceFields(node);
  const digestInfo = sequenceFields(fields.take(TAG.sequence));
  const digest = readDigest(sequenceFields(digestInfo.take(TAG.sequence)));
  const value = stringOctets(digestInfo.take(TAG.octetString));
  if (value.length !== digestSize(digest)) throw malformed(`a MAC of ${value.length} octets`);
  const salt = stringOctets(fields.take(TAG.octetString));
  const iterations = fields.takeIf(TAG.integer);
  return { value, derivation: { digest, salt, iterations: iterations ? readSmallInteger(iterations) : 1 } };
}

function readDigest(algorithm: Fields): Pkcs12Digest {
  const oid = readOid(algorithm.take(TAG.oid));
  const digest = MAC_DIGESTS[oid];
  if (digest) return digest;
  throw new SigningError('UNSUPPORTED', `the PKCS#12 file has a MAC of kind ${oid}, which is not supported`, {
    hint: 'export it again with openssl pkcs12 -export -macalg sha256',
  });
}

function digestSize(digest: Pkcs12Digest): number {
  return createHmac(digest, '').digest().length;
}
