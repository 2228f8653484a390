import { decoding, readOnly, readTime } from '../crypto/ber.js';
import type { Certificate } from '../crypto/certificate.js';
import { onlyValue } from '../crypto/cms-attribute.js';
import type { SignerInfo } from '../crypto/cms-decode.js';
import { OID } from '../crypto/oids.js';
import { verifyTimestamp, type VerifiedTimestamp } from '../crypto/timestamp-verify.js';
import { verifyChain, type TrustProblem } from '../crypto/trust.js';
import { errorFinding, warningFinding, type Finding, type Where } from './finding.js';

export interface SignerContext {
  readonly now: Date;
  readonly appleRoots: readonly Certificate[];
  readonly where: Where;
}

export interface ChainQuestion {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  /** From a timestamp; the present without one. */
  readonly at: Date | undefined;
  /** An extended key usage that the leaf must name. */
  readonly purpose: string | undefined;
}

/** Problems that Apple's tools live with too: the seal holds, only the signer's standing is in doubt. */
const TOLERATED: Partial<Record<TrustProblem['kind'], 'EXPIRED' | 'UNTRUSTED'>> = {
  expired: 'EXPIRED',
  'not-yet-valid': 'EXPIRED',
  'untrusted-root': 'UNTRUSTED',
  'unknown-critical-extension': 'UNTRUSTED',
};

/** From the leaf as far up as the chain goes, and what is wrong with it. */
export function judgeChain(
  { leaf, intermediates, at, purpose }: ChainQuestion,
  { now, appleRoots, where }: SignerContext,
): { chain: readonly Certificate[]; findings: Finding[] } {
  const { chain, problems } = verifyChain({
    leaf,
    intermediates,
    anchors: appleRoots,
    at: at ?? now,
    purpose,
  });
  const findings = problems.map(({ kind, text }) => {
    const tolerated = TOLERATED[kind];
    return tolerated ? warningFinding(tolerated, where, text) : errorFinding('CERTIFICATE', where, text);
  });
  const isWhole = problems.every(({ kind }) => kind !== 'untrusted-root' && kind !== 'broken-signature');
  return { chain, findings: [...findings, ...(isWhole ? strayFindings(intermediates, chain, where) : [])] };
}

/** Nothing vouches for certificates that lead nowhere: whatever was changed in one would go unnoticed. */
function strayFindings(
  carried: readonly Certificate[],
  chain: readonly Certificate[],
  where: Where,
): Finding[] {
  return carried
    .filter(({ sha256 }) => chain.every((used) => used.sha256 !== sha256))
    .map(({ subject }) => warningFinding('CERTIFICATE', where, `${subject.text} is no part of a chain`));
}

/**
 * The timestamp that a signer carries, if it proves the time: a server that nobody vouches for proves nothing, as anyone
 * can set up one that lies. @throws SigningError `MALFORMED`
 */
export function judgeTimestamp(
  signer: SignerInfo,
  { where, appleRoots }: SignerContext,
): { timestamp: VerifiedTimestamp | undefined; findings: Finding[] } {
  const unknown = unknownAttributes(signer, where);
  const token = onlyValue(signer.unsignedAttributes, OID.timestampToken);
  if (!token) return { timestamp: undefined, findings: unknown };
  const timestamp = verifyTimestamp(token, signer.signature, appleRoots);
  const { problems, certificates, chain } = timestamp;
  if (problems.length === 0)
    return { timestamp, findings: [...unknown, ...strayFindings(certificates, chain, where)] };
  const findings = problems.map(({ kind, text }) =>
    (kind === 'untrusted' ? warningFinding : errorFinding)('INVALID_TIMESTAMP', where, text),
  );
  return { timestamp: undefined, findings: [...unknown, ...findings] };
}

/** No signature covers these attributes: a timestamp whose name was changed would be gone without a trace. */
function unknownAttributes({ unsignedAttributes }: SignerInfo, where: Where): Finding[] {
  const names = unsignedAttributes?.attributes.map(({ oid }) => oid) ?? [];
  return names
    .filter((oid) => oid !== OID.timestampToken)
    .map((oid) => warningFinding('INVALID_TIMESTAMP', where, `the unsigned attribute ${oid} is unknown`));
}

/** What the signer's own clock said. @throws SigningError `MALFORMED` */
export function signingTimeOf({ signedAttributes }: SignerInfo): Date | undefined {
  const value = onlyValue(signedAttributes, OID.signingTime);
  return value && decoding('the signing time', () => readTime(readOnly(value)));
}
