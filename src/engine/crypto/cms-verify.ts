import { concat, equal } from '../bytes/concat.js';
import { decoding, expectTag, readOid, readOnly, stringOctets } from './ber.js';
import type { Certificate } from './certificate.js';
import { onlyValue } from './cms-attribute.js';
import type { SignedData, SignerInfo } from './cms-decode.js';
import { TAG } from './der.js';
import { digest, type HashAlgorithm } from './digest.js';
import { hashByOid } from './hash-oids.js';
import { OID } from './oids.js';
import { checkSignature } from './signature-algorithm.js';

/** What can be wrong with a signature, each with a sentence about it. Trust in the signer is another question. */
export const CMS_PROBLEM = {
  'signer-count': 'the signature does not have exactly one signer',
  'no-certificate': "the signer's certificate is missing",
  'no-content': 'the signed content is missing',
  'unsupported-algorithm':
    'the signature uses algorithms that are not supported, or that contradict each other',
  'no-signed-attributes': 'the signature does not say what kind of content it covers',
  'content-type-mismatch': 'the signature was made for another kind of content',
  'digest-mismatch': 'the content is not what was signed',
  'signature-mismatch': "the signature was not made by the signer's key, or was altered",
} as const;

export type CmsProblem = keyof typeof CMS_PROBLEM;

export interface CmsVerdict {
  /** Empty when the content is what the signer signed. */
  readonly problems: readonly CmsProblem[];
  readonly signer: SignerInfo | undefined;
  readonly certificate: Certificate | undefined;
}

/**
 * Checks content, signed attributes and signature value of the one signer (RFC 5652 5.4, 5.6).
 * @param content the detached content; of an embedded one, what it is expected to be
 * @throws SigningError `MALFORMED` when a signed attribute cannot be read
 */
export function verifySignedData(signedData: SignedData, content?: Uint8Array): CmsVerdict {
  const [signer, ...others] = signedData.signers;
  if (!signer || others.length > 0)
    return { problems: ['signer-count'], signer: undefined, certificate: undefined };
  const certificate = certificateOf(signer, signedData.certificates);
  const octets = content ?? signedData.content?.octets;
  const problems = decoding('the CMS signature', () => problemsOf(signedData, signer, certificate, octets));
  return { problems, signer, certificate };
}

function certificateOf(
  { signer }: SignerInfo,
  certificates: readonly Certificate[],
): Certificate | undefined {
  return certificates.find((certificate) =>
    'issuer' in signer
      ? equal(certificate.issuer.der, signer.issuer) && equal(certificate.serialNumber, signer.serialNumber)
      : certificate.subjectKeyIdentifier &&
        equal(certificate.subjectKeyIdentifier, signer.subjectKeyIdentifier),
  );
}

function problemsOf(
  signedData: SignedData,
  signer: SignerInfo,
  certificate: Certificate | undefined,
  content: Uint8Array | undefined,
): CmsProblem[] {
  if (!certificate) return ['no-certificate'];
  if (!content) return ['no-content'];
  const hash = hashByOid(signer.digestAlgorithm);
  if (!hash || !signedData.digestAlgorithms.includes(signer.digestAlgorithm))
    return ['unsupported-algorithm'];
  return [
    ...contentProblems(signedData.contentType, signer, hash, content),
    ...signatureProblems(signer, hash, certificate, content),
  ];
}

function contentProblems(
  contentType: string,
  { signedAttributes }: SignerInfo,
  hash: HashAlgorithm,
  content: Uint8Array,
): CmsProblem[] {
  // RFC 5652 5.3. A signature over bare content could be passed off as one over attributes, and the reverse.
  if (!signedAttributes) return contentType === OID.data ? [] : ['no-signed-attributes'];
  const problems: CmsProblem[] = [];
  const signedType = onlyValue(signedAttributes, OID.contentType);
  if (!signedType || readOid(readOnly(signedType)) !== contentType) problems.push('content-type-mismatch');
  const signedDigest = onlyValue(signedAttributes, OID.messageDigest);
  if (
    !signedDigest ||
    !equal(stringOctets(expectTag(readOnly(signedDigest), TAG.octetString)), digest(hash, content))
  )
    problems.push('digest-mismatch');
  return problems;
}

function signatureProblems(
  signer: SignerInfo,
  hash: HashAlgorithm,
  certificate: Certificate,
  content: Uint8Array,
): CmsProblem[] {
  const { signatureAlgorithm: algorithm, signature, signedAttributes } = signer;
  const message = signedAttributes ? signedOctets(signedAttributes.raw) : content;
  switch (checkSignature({ algorithm, hash, certificate, message, signature })) {
    case 'valid':
      return [];
    case 'invalid':
      return ['signature-mismatch'];
    case 'unsupported':
      return ['unsupported-algorithm'];
  }
}

/** RFC 5652 5.4: the tag is SET OF instead of [0]. All else as it stands: encoding anew could change what was signed. */
function signedOctets(raw: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(TAG.set), raw.subarray(1));
}
