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
  return { chain, findings };
}

/** The timestamp that a signer carries, if it proves the time. @throws SigningError `MALFORMED` */
export function judgeTimestamp(
  signer: SignerInfo,
  { where }: SignerContext,
): { timestamp: VerifiedTimestamp | undefined; findings: Finding[] } {
  const token = onlyValue(signer.unsignedAttributes, OID.timestampToken);
  if (!token) return { timestamp: undefined, findings: [] };
  const timestamp = verifyTimestamp(token, signer.signature);
  const findings = timestamp.problems.map(({ text }) => errorFinding('INVALID_TIMESTAMP', where, text));
  return { timestamp: findings.length === 0 ? timestamp : undefined, findings };
}

/** What the signer's own clock said. @throws SigningError `MALFORMED` */
export function signingTimeOf({ signedAttributes }: SignerInfo): Date | undefined {
  const value = onlyValue(signedAttributes, OID.signingTime);
  return value && decoding('the signing time', () => readTime(readOnly(value)));
}
