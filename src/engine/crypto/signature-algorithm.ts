import { constants, verify } from 'node:crypto';
import { Fields, malformed, readOid, sequenceFields, type BerNode } from './ber.js';
import type { Certificate } from './certificate.js';
import { contextTag, nullValue, oid, sequence, TAG } from './der.js';
import type { HashAlgorithm } from './digest.js';
import { hashByOid, hashOid } from './hash-oids.js';
import { OID } from './oids.js';

/** RFC 5280 4.1.1.2: an algorithm's name and, for some, its parameters. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: BerNode | undefined;
}

/**
 * How the signature's algorithm is named. Apple names key and hash together (`sha256WithRSAEncryption`), as
 * RFC 5754 3 does for ECDSA in any case; Authenticode names an RSA key alone (`rsaEncryption`).
 */
export type AlgorithmNaming = 'with-hash' | 'key-alone';

const RSA_WITH_HASH: Readonly<Record<HashAlgorithm, string>> = {
  sha1: OID.sha1WithRsa,
  sha256: OID.sha256WithRsa,
  sha384: OID.sha384WithRsa,
  sha512: OID.sha512WithRsa,
};
const ECDSA_WITH_HASH: Readonly<Record<HashAlgorithm, string>> = {
  sha1: OID.ecdsaWithSha1,
  sha256: OID.ecdsaWithSha256,
  sha384: OID.ecdsaWithSha384,
  sha512: OID.ecdsaWithSha512,
};

export function readAlgorithm(node: BerNode): AlgorithmIdentifier {
  const fields = sequenceFields(node);
  return { oid: readOid(fields.take(TAG.oid)), parameters: fields.rest()[0] };
}

/** The name of a hash, which has no parameters. @throws SigningError `MALFORMED` when it has some */
export function readHashAlgorithm(node: BerNode): string {
  const { oid: name, parameters } = readAlgorithm(node);
  if (hasParameters(parameters)) throw malformed(`the hash ${name} has parameters`);
  return name;
}

/** NULL stands for none, as does nothing at all (RFC 5754 2). */
function hasParameters(parameters: BerNode | undefined): boolean {
  return parameters !== undefined && (parameters.tag !== TAG.null || parameters.content.length > 0);
}

/** With explicit NULL parameters, which RFC 5754 2 lets a writer omit and neither Apple nor Microsoft omits. */
export function encodeHashAlgorithm(hash: HashAlgorithm): Uint8Array {
  return sequence(oid(hashOid(hash)), nullValue);
}

export function encodeSignatureAlgorithm(
  key: 'rsa' | 'ecdsa',
  hash: HashAlgorithm,
  naming: AlgorithmNaming,
): Uint8Array {
  if (key === 'ecdsa') return sequence(oid(ECDSA_WITH_HASH[hash])); // no parameters at all: RFC 5758 3.2
  return sequence(oid(naming === 'with-hash' ? RSA_WITH_HASH[hash] : OID.rsaEncryption), nullValue);
}

/** Whether the certificate's key made `signature` over `message`; `unsupported` when we do not know the algorithm. */
export function checkSignature(given: {
  readonly algorithm: AlgorithmIdentifier;
  readonly hash: HashAlgorithm;
  readonly certificate: Certificate;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}): 'valid' | 'invalid' | 'unsupported' {
  const { algorithm, hash, certificate, message, signature } = given;
  const scheme = schemeOf(algorithm, hash);
  if (scheme?.key !== certificate.keyAlgorithm) return 'unsupported';
  const key = { key: certificate.publicKey, dsaEncoding: 'der' as const, ...scheme.options };
  return verify(hash, message, key, signature) ? 'valid' : 'invalid';
}

interface Scheme {
  readonly key: 'rsa' | 'ecdsa';
  readonly options?: { readonly padding: number; readonly saltLength: number };
}

/** The hash is the digest algorithm's: a signature that names another one contradicts itself and is not supported. */
function schemeOf({ oid: name, parameters }: AlgorithmIdentifier, hash: HashAlgorithm): Scheme | undefined {
  if (name === OID.ecPublicKey) return { key: 'ecdsa' }; // its parameters name the curve, as the key does too
  const isPlain = !hasParameters(parameters);
  if (name === OID.rsaEncryption || name === RSA_WITH_HASH[hash]) return isPlain ? { key: 'rsa' } : undefined;
  if (name === ECDSA_WITH_HASH[hash]) return isPlain ? { key: 'ecdsa' } : undefined;
  if (name !== OID.rsaPss || pssHash(parameters) !== hash) return undefined;
  return {
    key: 'rsa',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
  };
}

/** RFC 4055 3.1; a mask hash that differs from this one makes the verification fail, never succeed. */
function pssHash(parameters: BerNode | undefined): HashAlgorithm | undefined {
  const hash = parameters && sequenceFields(parameters).takeIf(contextTag(0));
  return hash ? hashByOid(readAlgorithm(new Fields(hash).take()).oid) : 'sha1';
}
