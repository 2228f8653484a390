import {
  childrenOf,
  Fields,
  expectTag,
  readBoolean,
  readOid,
  readOnly,
  readSmallInteger,
  sequenceFields,
  stringOctets,
  type BerNode,
} from './ber.js';
import { contextTag, TAG } from './der.js';
import { OID } from './oids.js';

/** One extension as it stands; `value` is what its OCTET STRING holds (RFC 5280 4.2). */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** The bits of RFC 5280 4.2.1.3 that decide about signatures. */
export type KeyUsage = 'digitalSignature' | 'nonRepudiation' | 'keyCertSign' | 'cRLSign' | 'other';

const KEY_USAGES: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'other',
  'other',
  'other',
  'keyCertSign',
  'cRLSign',
];

/** What the extensions that we understand say; what is absent is undefined, for absence means "anything" here. */
export interface UnderstoodExtensions {
  readonly isCertificateAuthority: boolean;
  /** How many further authorities may stand below this one. */
  readonly pathLength: number | undefined;
  readonly keyUsage: readonly KeyUsage[] | undefined;
  /** Object identifiers; empty when the certificate does not limit its purposes. */
  readonly extendedKeyUsage: readonly string[];
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly authorityKeyIdentifier: Uint8Array | undefined;
}

/** @param node the `extensions` field: `[3] EXPLICIT SEQUENCE OF Extension` */
export function readExtensions(node: BerNode): Extension[] {
  return childrenOf(new Fields(node).take(TAG.sequence)).map((extension) => {
    const fields = sequenceFields(extension);
    const oid = readOid(fields.take(TAG.oid));
    const critical = fields.takeIf(TAG.boolean);
    return {
      oid,
      critical: critical !== undefined && readBoolean(critical),
      value: stringOctets(fields.take(TAG.octetString)),
    };
  });
}

/** @throws SigningError `MALFORMED`, OutOfBounds */
export function understand(extensions: readonly Extension[]): UnderstoodExtensions {
  const valueOf = <T>(oid: string, read: (node: BerNode) => T): T | undefined => {
    const extension = extensions.find((candidate) => candidate.oid === oid);
    return extension && read(readOnly(extension.value));
  };
  const constraints = valueOf(OID.basicConstraints, readBasicConstraints);
  return {
    isCertificateAuthority: constraints?.isCertificateAuthority ?? false,
    pathLength: constraints?.pathLength,
    keyUsage: valueOf(OID.keyUsage, readKeyUsage),
    extendedKeyUsage: valueOf(OID.extendedKeyUsage, (node) => childrenOf(node).map(readOid)) ?? [],
    subjectKeyIdentifier: valueOf(
      OID.subjectKeyIdentifier,
      (node) => expectTag(node, TAG.octetString).content,
    ),
    authorityKeyIdentifier: valueOf(
      OID.authorityKeyIdentifier,
      (node) => sequenceFields(node).takeIf(contextTag(0, 'primitive'))?.content,
    ),
  };
}

function readBasicConstraints(node: BerNode): {
  isCertificateAuthority: boolean;
  pathLength: number | undefined;
} {
  const fields = sequenceFields(node);
  const authority = fields.takeIf(TAG.boolean);
  const length = fields.takeIf(TAG.integer);
  return {
    isCertificateAuthority: authority !== undefined && readBoolean(authority),
    pathLength: length && readSmallInteger(length),
  };
}

/** Bit 0 is the highest bit of the first octet (X.680 22.2). */
function readKeyUsage(node: BerNode): KeyUsage[] {
  const bits = expectTag(node, TAG.bitString).content[1] ?? 0;
  return KEY_USAGES.filter((_, bit) => (bits & (0x80 >> bit)) !== 0);
}
