import type { Certificate } from './crypto/certificate.js';
import type { Timestamp } from './crypto/timestamp.js';
import type { SignedCode, SignedCodeSlice } from './apple/signature/signed-code.js';
import type { Signed } from './apple/sign-into.js';
import { toHex } from './bytes/hex.js';
import type { IdentityChoice } from './identity/option.js';
import type { Identity } from './identity/resolve.js';

/** What was signed, by whom and how; JSON as it stands. Hashes are lower-case hexadecimal, dates ISO 8601. */
export interface Receipt extends SignatureReceipt {
  /** Absolute paths of what was signed and of what exists now. */
  readonly path: string;
  readonly outputPath: string;
}

export interface SignatureReceipt {
  readonly schemaVersion: 1;
  readonly format: 'macho' | 'bundle' | 'dmg' | 'pkg';
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
  /** What Apple knows a package by: the checksum of its table of contents. Null for everything else. */
  readonly checksum: { readonly algorithm: string; readonly value: string } | null;
  readonly warnings: readonly string[];
  /** True when nothing was changed. */
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

export interface SignedFacts {
  readonly format: Receipt['format'];
  readonly identity: Identity;
  readonly signingTime: Date;
  readonly timestamp: Timestamp | undefined;
  readonly signed: Signed;
  readonly warnings: readonly string[];
}

export function signatureReceipt(facts: SignedFacts): SignatureReceipt {
  const { format, identity, signingTime, timestamp, signed, warnings } = facts;
  const { source } = identity;
  const checksum = signed.checksum ? { ...signed.checksum, value: toHex(signed.checksum.value) } : null;
  const files = signed.code.map(fileReceipt);
  const common = { schemaVersion: 1, format, files, checksum, warnings, dryRun: false } as const;
  if (identity.kind === 'adhoc') return { ...common, identity: { kind: 'adhoc', source }, ...NO_SIGNER };
  return {
    ...common,
    identity: { kind: 'certificate', source },
    certificate: certificateReceipt(identity.key.certificate),
    signingTime: signingTime.toISOString(),
    timestamp: timestamp ? { time: timestamp.time.toISOString(), server: timestamp.server } : null,
  };
}

const NO_SIGNER = { certificate: null, signingTime: null, timestamp: null } as const;

/** What a dry run can say without touching a key. */
export function plannedReceipt(
  format: Receipt['format'],
  choice: IdentityChoice | undefined,
): SignatureReceipt {
  const source = choice ? `${choice.request.kind}, chosen ${choice.why}` : 'none: no identity was found';
  const kind = choice?.request.kind === 'adhoc' ? 'adhoc' : 'certificate';
  return {
    schemaVersion: 1,
    format,
    identity: { kind, source },
    ...NO_SIGNER,
    files: [],
    checksum: null,
    warnings: [],
    dryRun: true,
  };
}

function fileReceipt({ path, identifier, teamId, designatedRequirement, slices }: SignedCode): ReceiptFile {
  return {
    path: path === '' ? '.' : path,
    identifier,
    teamId: teamId ?? null,
    designatedRequirement,
    slices,
  };
}

function certificateReceipt({ subject, issuer, sha1, sha256, notAfter }: Certificate): ReceiptCertificate {
  return { subject: subject.text, issuer: issuer.text, sha1, sha256, notAfter: notAfter.toISOString() };
}
