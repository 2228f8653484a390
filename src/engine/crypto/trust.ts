import type { Certificate } from './certificate.js';
import { buildChain } from './chain.js';
import { OID } from './oids.js';

// Path validation (RFC 5280 6.1) as far as code signing needs it: no policies, no name constraints, no revocation.

/** What can be wrong with a chain, each with what is said of the certificate concerned. */
export const TRUST_PROBLEM = {
  expired: 'has expired',
  'not-yet-valid': 'is not valid yet',
  'untrusted-root': 'does not lead to a trusted root',
  'broken-signature': 'was not signed by the certificate that it names as its issuer',
  'not-an-authority': 'is not allowed to issue certificates',
  'path-too-long': 'issued through more authorities than it is allowed to',
  'wrong-purpose': 'is not meant for this purpose',
  'unknown-critical-extension': 'has a critical extension that is not understood',
} as const;

export type TrustProblemKind = keyof typeof TRUST_PROBLEM;

export interface TrustProblem {
  readonly kind: TrustProblemKind;
  readonly certificate: Certificate;
  /** One clause that names the certificate. */
  readonly text: string;
}

export interface TrustVerdict {
  /** Leaf first; ends with an anchor unless there is a problem. */
  readonly chain: readonly Certificate[];
  readonly problems: readonly TrustProblem[];
}

/**
 * Whether `leaf` was entitled to sign at that time, by the word of one of `anchors`.
 * @param at the time of the signature's timestamp where there is one, else the present
 * @param purpose object identifier of an extended key usage that the leaf must name; undefined for any
 */
export function verifyChain(question: {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  readonly at: Date;
  readonly purpose?: string | undefined;
}): TrustVerdict {
  const { leaf, intermediates, anchors, at, purpose } = question;
  const { chain, end } = buildChain(leaf, [...anchors, ...intermediates], anchors, at);
  const last = chain.at(-1)!;
  const problems = [
    ...(end === 'anchor' ? [] : [problem(end === 'broken' ? 'broken-signature' : 'untrusted-root', last)]),
    ...chain.flatMap((certificate) => validityProblems(certificate, at)),
    ...chain.flatMap((certificate, position) => authorityProblems(certificate, chain.slice(0, position))),
    ...chain.flatMap((certificate) => purposeProblems(certificate, certificate === leaf, purpose)),
    ...chain.flatMap(extensionProblems),
  ];
  return { chain, problems };
}

function problem(kind: TrustProblemKind, certificate: Certificate): TrustProblem {
  return { kind, certificate, text: `${certificate.subject.text} ${TRUST_PROBLEM[kind]}` };
}

export function validityProblems(certificate: Certificate, at: Date): TrustProblem[] {
  if (at < certificate.notBefore) return [problem('not-yet-valid', certificate)];
  return at > certificate.notAfter ? [problem('expired', certificate)] : [];
}

/** RFC 5280 6.1.4 (k) to (n). `below` are the certificates that it answers for, the leaf first. */
function authorityProblems(certificate: Certificate, below: readonly Certificate[]): TrustProblem[] {
  if (below.length === 0) return [];
  const { isCertificateAuthority, keyUsage, pathLength } = certificate;
  if (!isCertificateAuthority || keyUsage?.includes('keyCertSign') === false)
    return [problem('not-an-authority', certificate)];
  const authoritiesBelow = below.length - 1;
  return pathLength !== undefined && authoritiesBelow > pathLength
    ? [problem('path-too-long', certificate)]
    : [];
}

/** An authority without purposes may issue for all; one that names some may issue for no others. */
function purposeProblems(
  certificate: Certificate,
  isLeaf: boolean,
  purpose: string | undefined,
): TrustProblem[] {
  const { extendedKeyUsage: allowed, keyUsage } = certificate;
  if (purpose === undefined) return [];
  const isNamed = allowed.includes(purpose) || allowed.includes(OID.anyPurpose);
  const isAllowed = isLeaf
    ? isNamed && keyUsage?.includes('digitalSignature') !== false
    : isNamed || allowed.length === 0;
  return isAllowed ? [] : [problem('wrong-purpose', certificate)];
}

const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.subjectAlternativeName,
  OID.certificatePolicies,
]);
/** Apple marks its own certificates with extensions below this arc, the leaf's kind even as a critical one. */
const APPLE_ARC = '1.2.840.113635.100.6.';

function extensionProblems(certificate: Certificate): TrustProblem[] {
  const isUnknown = certificate.extensions.some(
    ({ critical, oid }) => critical && !UNDERSTOOD.has(oid) && !oid.startsWith(APPLE_ARC),
  );
  return isUnknown ? [problem('unknown-critical-extension', certificate)] : [];
}
