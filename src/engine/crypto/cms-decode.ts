import {
  decoding,
  expectTag,
  Fields,
  malformed,
  readFirst,
  readOid,
  readSmallInteger,
  sequenceFields,
  childrenOf,
  stringOctets,
  type BerNode,
} from './ber.js';
import { parseCertificate, type Certificate } from './certificate.js';
import { readAttributes, type AttributeSet } from './cms-attribute.js';
import { contextTag, TAG } from './der.js';
import { OID } from './oids.js';
import { readAlgorithm, readHashAlgorithm, type AlgorithmIdentifier } from './signature-algorithm.js';

// Reading CMS SignedData (RFC 5652 5), Apple's indefinite lengths and PKCS #7's content included.

/** More certificates than this are an attempt to keep a verifier busy. */
const MAX_CERTIFICATES = 64;

export interface SignedData {
  /** Object identifiers of the hashes that signers use. */
  readonly digestAlgorithms: readonly string[];
  readonly contentType: string;
  /** Undefined when the content is detached. */
  readonly content: EmbeddedContent | undefined;
  readonly certificates: readonly Certificate[];
  readonly signers: readonly SignerInfo[];
}

export interface EmbeddedContent {
  /** The whole value as it stands. */
  readonly raw: Uint8Array;
  /** What digests cover: the octets of the OCTET STRING or, of a PKCS #7 value, all but tag and length. */
  readonly octets: Uint8Array;
}

export interface SignerInfo {
  readonly signer: SignerIdentifier;
  /** Object identifier of the hash. */
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly signedAttributes: AttributeSet | undefined;
  readonly unsignedAttributes: AttributeSet | undefined;
}

export type SignerIdentifier =
  | { readonly issuer: Uint8Array; readonly serialNumber: Uint8Array }
  | { readonly subjectKeyIdentifier: Uint8Array };

/**
 * Zeros may follow the signature: package formats reserve room for it before they know its size.
 * @throws SigningError `MALFORMED`
 */
export function decodeSignedData(data: Uint8Array): SignedData {
  return decoding('the CMS signature', () => {
    const node = readFirst(data);
    if (data.subarray(node.raw.length).some((octet) => octet !== 0))
      throw malformed('something follows its end');
    return readContentInfo(node);
  });
}

function readContentInfo(node: BerNode): SignedData {
  const fields = sequenceFields(node);
  const type = readOid(fields.take(TAG.oid));
  if (type !== OID.signedData) throw malformed(`content type ${type} is not signed data`);
  return readSignedData(new Fields(fields.take(contextTag(0))).take());
}

function readSignedData(node: BerNode): SignedData {
  const fields = sequenceFields(node);
  const version = readSmallInteger(fields.take(TAG.integer));
  const digestAlgorithms = childrenOf(fields.take(TAG.set)).map(readHashAlgorithm);
  const content = sequenceFields(fields.take(TAG.sequence));
  const contentType = readOid(content.take(TAG.oid));
  const value = content.takeIf(contextTag(0));
  const certificates = fields.takeIf(contextTag(0));
  fields.takeIf(contextTag(1)); // revocation lists
  const signers = childrenOf(fields.take(TAG.set)).map(readSigner);
  checkEnd(fields, 'the signed data');
  checkVersion(version, contentType, signers);
  return {
    digestAlgorithms,
    contentType,
    content: value && readContent(new Fields(value).take()),
    certificates: certificates ? readCertificates(certificates) : [],
    signers,
  };
}

/** What is not understood is not passed over either. */
function checkEnd(fields: Fields, what: string): void {
  if (fields.rest().length > 0) throw malformed(`${what} has unknown fields`);
}

/** The version follows from what is there (RFC 5652 5.1); PKCS #7, which Authenticode keeps to, knows 1 only (RFC 2315 9.1). */
function checkVersion(version: number, contentType: string, signers: readonly SignerInfo[]): void {
  const isPlain = contentType === OID.data && signers.every(({ signer }) => 'issuer' in signer);
  const isPkcs7 = contentType !== OID.data && contentType !== OID.timestampInfo;
  if (version !== (isPlain ? 1 : 3) && !(isPkcs7 && version === 1))
    throw malformed(`signed data of version ${version}`);
}

function readContent(value: BerNode): EmbeddedContent {
  const isOctetString = (value.tag & ~0x20) === TAG.octetString;
  return { raw: value.raw, octets: isOctetString ? stringOctets(value) : value.content };
}

/** Other kinds than X.509 certificates carry context tags (RFC 5652 10.2.2); nobody has needed them, so they are refused. */
function readCertificates(node: BerNode): Certificate[] {
  const nodes = childrenOf(node).map((child) => expectTag(child, TAG.sequence));
  if (nodes.length > MAX_CERTIFICATES) throw malformed(`${nodes.length} certificates`);
  return nodes.map(({ raw }) => parseCertificate(raw));
}

function readSigner(node: BerNode): SignerInfo {
  const fields = sequenceFields(node);
  const version = readSmallInteger(fields.take(TAG.integer));
  const signer = readIdentifier(fields.take(TAG.sequence, contextTag(0, 'primitive')));
  if (version !== ('issuer' in signer ? 1 : 3)) throw malformed(`a signer of version ${version}`); // RFC 5652 5.3
  const digestAlgorithm = readHashAlgorithm(fields.take());
  const signed = fields.takeIf(contextTag(0));
  const signatureAlgorithm = readAlgorithm(fields.take());
  const signature = stringOctets(fields.take(TAG.octetString, TAG.octetString | 0x20));
  const unsigned = fields.takeIf(contextTag(1));
  checkEnd(fields, 'the signer');
  return {
    signer,
    digestAlgorithm,
    signatureAlgorithm,
    signature,
    signedAttributes: signed && readAttributes(signed),
    unsignedAttributes: unsigned && readAttributes(unsigned),
  };
}

function readIdentifier(node: BerNode): SignerIdentifier {
  if (node.tag !== TAG.sequence) return { subjectKeyIdentifier: node.content };
  const fields = sequenceFields(node);
  return { issuer: fields.take(TAG.sequence).raw, serialNumber: fields.take(TAG.integer).content };
}
