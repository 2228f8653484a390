import { appleKindOf, type AppleCertificateKind } from '../apple/certificates.js';
import type { Certificate } from '../crypto/certificate.js';
import { OID } from '../crypto/oids.js';
import { SigningError } from '../system/error.js';

/** What is to be signed: code, or installer packages, for which Apple issues certificates of their own. */
export type CertificateUse = 'application' | 'installer';

const INSTALLER_KINDS: readonly AppleCertificateKind[] = [
  'Developer ID Installer',
  'Mac Installer Distribution',
];

const WANTED: Readonly<Record<CertificateUse, string>> = {
  application: 'use a Developer ID Application certificate, or another one for code signing',
  installer: 'use a Developer ID Installer certificate',
};

/**
 * Apple's certificates say by their kind what they may sign, any other by its extended key usage (RFC 5280 4.2.1.12),
 * which codesign insists on: a certificate without one is not for everything.
 * @throws SigningError `WRONG_CERTIFICATE_KIND`
 */
export function checkKind(certificate: Certificate, use: CertificateUse): void {
  const problem = problemWith(certificate, use);
  if (problem === undefined) return;
  throw new SigningError('WRONG_CERTIFICATE_KIND', `${certificate.subject.text} ${problem}`, {
    hint: WANTED[use],
  });
}

function problemWith(certificate: Certificate, use: CertificateUse): string | undefined {
  const kind = appleKindOf(certificate);
  if (kind !== undefined) {
    const isRight = INSTALLER_KINDS.includes(kind) === (use === 'installer');
    return isRight ? undefined : `is a ${kind} certificate, which does not sign ${WHAT[use]}`;
  }
  if (certificate.extendedKeyUsage.includes(OID.codeSigning)) return undefined;
  return certificate.extendedKeyUsage.length === 0
    ? 'is not marked for code signing'
    : 'is meant for other purposes than code signing';
}

const WHAT: Readonly<Record<CertificateUse, string>> = {
  application: 'code',
  installer: 'installer packages',
};
