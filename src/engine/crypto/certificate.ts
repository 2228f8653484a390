import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { equal } from '../bytes/concat.js';
import { toHex } from '../bytes/hex.js';
import { SigningError } from '../system/error.js';
import {
  bitStringOctets,
  decoding,
  readOid,
  readOnly,
  readTime,
  sequenceFields,
  type BerNode,
} from './ber.js';
import {
  readExtensions,
  understand,
  type Extension,
  type UnderstoodExtensions,
} from './certificate-extensions.js';
import { contextTag, TAG } from './der.js';
import { digest } from './digest.js';
import { readName, type DistinguishedName } from './name.js';
import { OID } from './oids.js';

/** An X.509 certificate (RFC 5280 4.1) with its raw parts: requirements and signatures quote them octet for octet. */
export interface Certificate extends UnderstoodExtensions {
  readonly der: Uint8Array;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** Content octets of the INTEGER as they stand, a leading zero included. */
  readonly serialNumber: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Lower-case hexadecimal digest of `der`. */
  readonly sha1: string;
  /** Lower-case hexadecimal digest of `der`. */
  readonly sha256: string;
  /** @throws SigningError `INVALID_CERTIFICATE` on first use when the key is of a kind that Node cannot read */
  readonly publicKey: KeyObject;
  readonly keyAlgorithm: KeyAlgorithm;
  readonly extensions: readonly Extension[];
  /** What the extension's OCTET STRING holds; undefined when the certificate has no such extension. */
  extension(oid: string): Uint8Array | undefined;
}

export type KeyAlgorithm = 'rsa' | 'ecdsa' | 'other';

/** @throws SigningError `MALFORMED` when `der` is anything but one whole certificate */
export function parseCertificate(der: Uint8Array): Certificate {
  return decoding('the certificate', () => readCertificate(readOnly(der)));
}

/** Whether `issuer`'s name stands in `child` and its key made `child`'s signature. Says nothing of validity or rights. */
export function isIssuedBy(child: Certificate, issuer: Certificate): boolean {
  return isNamedIssuerOf(issuer, child) && isSignedBy(child, issuer);
}

/** Names are compared octet for octet: authorities copy theirs into what they issue. */
export function isNamedIssuerOf(issuer: Certificate, child: Certificate): boolean {
  return equal(child.issuer.der, issuer.subject.der);
}

export function isSelfIssued(certificate: Certificate): boolean {
  return equal(certificate.issuer.der, certificate.subject.der);
}

function isSignedBy(child: Certificate, issuer: Certificate): boolean {
  try {
    return new X509Certificate(child.der).verify(issuer.publicKey);
  } catch {
    return false; // OpenSSL cannot read the certificate, its algorithm or the key: nothing was proved.
  }
}

function readCertificate(node: BerNode): Certificate {
  const outer = sequenceFields(node);
  const { keyInfo, ...body } = readBody(outer.take(TAG.sequence));
  outer.take(TAG.sequence); // signature algorithm
  bitStringOctets(outer.take());
  let publicKey: KeyObject | undefined;
  return {
    ...body,
    ...understand(body.extensions),
    der: node.raw,
    sha1: toHex(digest('sha1', node.raw)),
    sha256: toHex(digest('sha256', node.raw)),
    keyAlgorithm: readKeyAlgorithm(keyInfo),
    get publicKey() {
      return (publicKey ??= readPublicKey(keyInfo, body.subject));
    },
    extension: (oid) => body.extensions.find((extension) => extension.oid === oid)?.value,
  };
}

/** TBSCertificate, RFC 5280 4.1. */
function readBody(node: BerNode) {
  const fields = sequenceFields(node);
  fields.takeIf(contextTag(0)); // version
  const serialNumber = fields.take(TAG.integer).content;
  fields.take(TAG.sequence); // the signature algorithm once more
  const issuer = readName(fields.take());
  const validity = sequenceFields(fields.take());
  const notBefore = readTime(validity.take(TAG.utcTime, TAG.generalizedTime));
  const notAfter = readTime(validity.take(TAG.utcTime, TAG.generalizedTime));
  const subject = readName(fields.take());
  const keyInfo = fields.take(TAG.sequence);
  fields.takeIf(contextTag(1, 'primitive')); // unique identifiers, X.509 version 2
  fields.takeIf(contextTag(2, 'primitive'));
  const extensions = fields.takeIf(contextTag(3));
  return {
    serialNumber,
    issuer,
    notBefore,
    notAfter,
    subject,
    keyInfo,
    extensions: extensions ? readExtensions(extensions) : [],
  };
}

function readKeyAlgorithm(keyInfo: BerNode): KeyAlgorithm {
  const oid = readOid(sequenceFields(sequenceFields(keyInfo).take()).take());
  if (oid === OID.rsaEncryption) return 'rsa';
  return oid === OID.ecPublicKey ? 'ecdsa' : 'other';
}

function readPublicKey(keyInfo: BerNode, subject: DistinguishedName): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(keyInfo.raw), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SigningError('INVALID_CERTIFICATE', `the public key of ${subject.text} is not readable`, {
      cause,
    });
  }
}
