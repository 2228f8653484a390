import { encodeAttribute, type Attribute } from './cms-attribute.js';
import {
  explicit,
  implicit,
  indefiniteTlv,
  contextTag,
  integer,
  octetString,
  oid,
  sequence,
  set,
  setOrder,
  TAG,
  time,
  tlv,
} from './der.js';
import { readOnly } from './ber.js';
import { digest, type HashAlgorithm } from './digest.js';
import { OID } from './oids.js';
import {
  encodeHashAlgorithm,
  encodeSignatureAlgorithm,
  type AlgorithmNaming,
} from './signature-algorithm.js';
import type { SigningKey } from './signing-key.js';

// Writing CMS SignedData (RFC 5652 5), in two steps: a timestamp covers the signature, so it comes in between.

/** What is signed, and how much of it the signature carries. */
export type SignedContent =
  /** Nothing: the content, of type `data`, stays where it is. Apple's code signatures. */
  | { readonly kind: 'detached'; readonly octets: Uint8Array }
  /** All, in an OCTET STRING (RFC 5652 5.2). Timestamps. */
  | { readonly kind: 'embedded'; readonly type: string; readonly octets: Uint8Array }
  /** All, as the DER value that it is (PKCS #7, RFC 2315 9.1); the digest leaves out its tag and length. Authenticode. */
  | { readonly kind: 'pkcs7'; readonly type: string; readonly value: Uint8Array };

export interface SignatureRequest {
  readonly content: SignedContent;
  readonly key: SigningKey;
  readonly hash: HashAlgorithm;
  readonly algorithmNaming: AlgorithmNaming;
  /** Signed with the content, besides content type and message digest, which are always there. */
  readonly attributes?: readonly Attribute[];
  /** Left out when undefined. */
  readonly signingTime?: Date | undefined;
}

/** A signature that was made and is not yet packed. */
export interface Signature {
  readonly request: SignatureRequest;
  /** The attributes as DER SET OF: the octets that were signed. */
  readonly signedAttributes: Uint8Array;
  /** The signature value: what a timestamp is requested for. */
  readonly value: Uint8Array;
}

export async function signContent(request: SignatureRequest): Promise<Signature> {
  const { content, key, hash, attributes = [], signingTime } = request;
  const contentType = content.kind === 'detached' ? OID.data : content.type;
  const all: readonly Attribute[] = [
    { oid: OID.contentType, values: [oid(contentType)] },
    { oid: OID.messageDigest, values: [octetString(digest(hash, digestedOctets(content)))] },
    ...(signingTime ? [{ oid: OID.signingTime, values: [time(signingTime)] }] : []),
    ...attributes,
  ];
  const signedAttributes = set(...all.map(encodeAttribute));
  return { request, signedAttributes, value: await key.sign(signedAttributes, hash) };
}

/**
 * ContentInfo with the whole SignedData: signer's certificate and chain, one signer.
 * @param encoding `apple` leaves ContentInfo, its [0], SignedData and EncapsulatedContentInfo open-ended, as
 * Apple's encoder does, and nothing else; `der` is plain DER
 */
export function encodeSignedData(
  signature: Signature,
  encoding: 'apple' | 'der',
  unsignedAttributes: readonly Attribute[] = [],
): Uint8Array {
  const { content, key, hash } = signature.request;
  const outer = encoding === 'apple' ? indefiniteTlv : tlv;
  const certificates = [key.certificate, ...key.chain].map((certificate) => certificate.der);
  const signedData = outer(
    TAG.sequence,
    integer(versionFor(content)),
    set(encodeHashAlgorithm(hash)),
    outer(TAG.sequence, ...contentFields(content)),
    explicit(0, ...setOrder(certificates)), // [0] IMPLICIT SET OF
    set(signerInfo(signature, unsignedAttributes)),
  );
  return outer(TAG.sequence, oid(OID.signedData), outer(contextTag(0), signedData));
}

function digestedOctets(content: SignedContent): Uint8Array {
  return content.kind === 'pkcs7' ? readOnly(content.value).content : content.octets;
}

/** RFC 5652 5.1: version 3 for content that is not `data`; PKCS #7 has known no other version than 1. */
function versionFor(content: SignedContent): number {
  return content.kind === 'embedded' && content.type !== OID.data ? 3 : 1;
}

function contentFields(content: SignedContent): Uint8Array[] {
  switch (content.kind) {
    case 'detached':
      return [oid(OID.data)];
    case 'embedded':
      return [oid(content.type), explicit(0, octetString(content.octets))];
    case 'pkcs7':
      return [oid(content.type), explicit(0, content.value)];
  }
}

function signerInfo(
  { request, signedAttributes, value }: Signature,
  unsigned: readonly Attribute[],
): Uint8Array {
  const { key, hash, algorithmNaming } = request;
  const { issuer, serialNumber } = key.certificate;
  return sequence(
    integer(1), // the signer is named by issuer and serial number
    sequence(issuer.der, tlv(TAG.integer, serialNumber)),
    encodeHashAlgorithm(hash),
    implicit(0, signedAttributes),
    encodeSignatureAlgorithm(key.algorithm, hash, algorithmNaming),
    octetString(value),
    ...(unsigned.length > 0 ? [implicit(1, set(...unsigned.map(encodeAttribute)))] : []),
  );
}
