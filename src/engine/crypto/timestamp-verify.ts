import { equal } from '../bytes/concat.js';
import { childrenOf, decoding, readOnly, sequenceFields, stringOctets } from './ber.js';
import type { Certificate } from './certificate.js';
import { onlyValue } from './cms-attribute.js';
import type { SignerInfo } from './cms-decode.js';
import { CMS_PROBLEM, verifySignedData } from './cms-verify.js';
import { TAG } from './der.js';
import { digest, type HashAlgorithm } from './digest.js';
import { hashByOid } from './hash-oids.js';
import { OID } from './oids.js';
import { readAlgorithm } from './signature-algorithm.js';
import { decodeTimestampToken, type TimestampInfo } from './timestamp-token.js';
import { validityProblems, verifyChain } from './trust.js';

export interface VerifiedTimestamp {
  readonly info: TimestampInfo;
  readonly time: Date;
  readonly signer: Certificate | undefined;
  /** From the signer up; empty when no anchors were given. */
  readonly chain: readonly Certificate[];
  /** All that the token carries. */
  readonly certificates: readonly Certificate[];
  /** Empty when the timestamp proves that the message existed at `time`. */
  readonly problems: readonly TimestampProblem[];
}

export interface TimestampProblem {
  readonly kind: 'wrong-message' | 'broken-signature' | 'wrong-purpose' | 'untrusted';
  readonly text: string;
}

/**
 * Whether `token` timestamps `message` (RFC 3161 2.2, 2.3). Apple's own are taken as they are: signed with
 * SHA-1 to this day, under a policy that is not theirs (1.2.3.4.5.6).
 * @param anchors when given, the signer must lead to one of them at the time it claims
 * @throws SigningError `MALFORMED`
 */
export function verifyTimestamp(
  token: Uint8Array,
  message: Uint8Array,
  anchors?: readonly Certificate[],
): VerifiedTimestamp {
  const { signedData, info } = decodeTimestampToken(token);
  const { problems, signer, certificate } = verifySignedData(signedData);
  const { certificates } = signedData;
  const trust = certificate && judgeTrust(certificate, certificates, info.time, anchors);
  return {
    info,
    time: info.time,
    signer: certificate,
    chain: trust?.chain ?? [],
    certificates,
    problems: [
      ...imprintProblems(info, message),
      ...problems.map((problem) => said('broken-signature', CMS_PROBLEM[problem])),
      ...(signer && certificate ? bindingProblems(signer, certificate) : []),
      ...(trust?.problems ?? []),
    ],
  };
}

function said(kind: TimestampProblem['kind'], text: string): TimestampProblem {
  return { kind, text };
}

function imprintProblems({ hashAlgorithm, imprint }: TimestampInfo, message: Uint8Array): TimestampProblem[] {
  const hash = hashByOid(hashAlgorithm);
  return hash && equal(imprint, digest(hash, message))
    ? []
    : [said('wrong-message', 'it was made for something else')];
}

/** RFC 3161 2.4.2: the signed attributes name the signer's certificate, so that no other can be put in its place. */
function bindingProblems(signer: SignerInfo, certificate: Certificate): TimestampProblem[] {
  const isBound = decoding('the timestamp', () => {
    const named = namedCertificate(signer);
    return named !== undefined && equal(named.digest, digest(named.hash, certificate.der));
  });
  return isBound
    ? []
    : [said('broken-signature', 'its signature does not name the certificate it was made with')];
}

/** ESSCertID (RFC 2634 5.4: always SHA-1) or ESSCertIDv2 (RFC 5035 4: SHA-256 unless it says otherwise). */
function namedCertificate({
  signedAttributes,
}: SignerInfo): { hash: HashAlgorithm; digest: Uint8Array } | undefined {
  const newer = onlyValue(signedAttributes, OID.signingCertificateV2);
  const value = newer ?? onlyValue(signedAttributes, OID.signingCertificate);
  if (!value) return undefined;
  const [first] = childrenOf(sequenceFields(readOnly(value)).take(TAG.sequence));
  if (!first) return undefined;
  const fields = sequenceFields(first);
  const algorithm = newer && fields.takeIf(TAG.sequence);
  const fallback = newer ? 'sha256' : 'sha1';
  const hash = algorithm ? hashByOid(readAlgorithm(algorithm).oid) : fallback;
  return hash && { hash, digest: stringOctets(fields.take(TAG.octetString)) };
}

function judgeTrust(
  signer: Certificate,
  intermediates: readonly Certificate[],
  at: Date,
  anchors: readonly Certificate[] | undefined,
): { chain: readonly Certificate[]; problems: TimestampProblem[] } {
  const { chain, problems } = anchors
    ? verifyChain({ leaf: signer, intermediates, anchors, at, purpose: OID.timeStamping })
    : { chain: [], problems: validityProblems(signer, at) };
  const misuse = isTimestampingOnly(signer)
    ? []
    : [said('wrong-purpose', `${signer.subject.text} may not make timestamps`)];
  return { chain, problems: [...misuse, ...problems.map(({ text }) => said('untrusted', text))] };
}

/** RFC 3161 2.3: one purpose and no other, and critical, so that a leaked web server key cannot set the time. */
function isTimestampingOnly({ extensions, extendedKeyUsage }: Certificate): boolean {
  const usage = extensions.find(({ oid }) => oid === OID.extendedKeyUsage);
  return (
    usage?.critical === true && extendedKeyUsage.length === 1 && extendedKeyUsage[0] === OID.timeStamping
  );
}
