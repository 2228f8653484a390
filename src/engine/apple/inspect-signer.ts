import { toHex } from '../bytes/hex.js';
import type { Certificate } from '../crypto/certificate.js';
import { appleKindOf } from './certificates.js';
import type { CmsVerdict } from './signature/verify-cms.js';

/** JSON as it stands. */
export interface SignerInspection {
  /** The signer's first; empty when signed ad-hoc or not at all. */
  readonly certificates: readonly CertificateInspection[];
  /** By the signer's own clock, ISO 8601. */
  readonly signingTime: string | null;
  /** From a timestamp server, ISO 8601; null when there is none or it does not hold. */
  readonly timestamp: string | null;
}

export interface CertificateInspection {
  readonly subject: string;
  readonly issuer: string;
  readonly kind: string | null;
  readonly serialNumber: string;
  readonly sha1: string;
  readonly sha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

export function inspectSigner(cms: CmsVerdict | undefined): SignerInspection {
  return {
    certificates: cms?.certificates.map(inspectCertificate) ?? [],
    signingTime: cms?.signingTime?.toISOString() ?? null,
    timestamp: cms?.timestamp?.time.toISOString() ?? null,
  };
}

function inspectCertificate(certificate: Certificate): CertificateInspection {
  const { subject, issuer, serialNumber, sha1, sha256, notBefore, notAfter } = certificate;
  return {
    subject: subject.text,
    issuer: issuer.text,
    kind: appleKindOf(certificate) ?? null,
    serialNumber: toHex(serialNumber),
    sha1,
    sha256,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
  };
}
