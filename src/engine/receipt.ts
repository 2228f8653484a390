import type { Certificate } from './crypto/certificate.js';
import type { Timestamp } from './crypto/timestamp.js';
import type { SignedCode, SignedCodeSlice } from './apple/signature/signed-code.js';

/** What was signed, by whom and how; JSON as it stands. Hashes are lower-case hexadecimal, dates ISO 8601. */
export interface Receipt {
  readonly schemaVersion: 1;
  /** Absolute paths of what was signed and of what exists now. */
  readonly path: string;
  readonly outputPath: string;
  readonly format: 'macho' | 'bundle';
  readonly identity: {
    readonly kind: 'adhoc' | 'certificate';
    /** In words: which identity, and why that one. */
    readonly source: string;
  };
  /** Null for ad-hoc signatures. */
  readonly certificate: ReceiptCertificate | null;
  /** Null for ad-hoc signatures, which have no time. */
  readonly signingTime: string | null;
  /** Null when there is none. */
  readonly timestamp: { readonly time: string; readonly server: string } | null;
  /** Nested code first, what was asked for last. Empty in a dry run. */
  readonly files: readonly ReceiptFile[];
  readonly warnings: readonly string[];
  /** True when nothing was changed: `files` then tells what would be signed. */
  readonly dryRun: boolean;
}

export interface ReceiptCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly sha1: string;
  readonly sha256: string;
  readonly notAfter: string;
}

export interface ReceiptFile {
  /** Relative to `outputPath`; `.` for that itself. */
  readonly path: string;
  readonly identifier: string;
  readonly teamId: string | null;
  readonly designatedRequirement: string;
  readonly slices: readonly SignedCodeSlice[];
}

export function receiptFile(code: SignedCode): ReceiptFile {
  const { path, identifier, teamId, designatedRequirement, slices } = code;
  return {
    path: path === '' ? '.' : path,
    identifier,
    teamId: teamId ?? null,
    designatedRequirement,
    slices,
  };
}

export function receiptCertificate(certificate: Certificate): ReceiptCertificate {
  const { subject, issuer, sha1, sha256, notAfter } = certificate;
  return { subject: subject.text, issuer: issuer.text, sha1, sha256, notAfter: notAfter.toISOString() };
}

export function receiptTimestamp({ time, server }: Timestamp): Receipt['timestamp'] {
  return { time: time.toISOString(), server };
}
