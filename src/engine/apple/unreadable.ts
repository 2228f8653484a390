import { OutOfBounds } from '../bytes/layout.js';
import { SigningError } from '../system/error.js';
import type { SliceVerdict } from './signature/verify-slice.js';
import { errorFinding, type Finding, type FindingCode, type Where } from './finding.js';

/** The boundary of a format: what lies outside its file makes the file malformed. @throws SigningError `MALFORMED` */
export async function readingFormat<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OutOfBounds)) throw error;
    throw new SigningError('MALFORMED', `${what} is truncated or damaged: ${error.message}`, {
      hint: 'make it again and sign it afresh',
    });
  }
}

/** The verdict on what has no signature that could be judged. */
export function unsigned(arch: string, finding: Finding): SliceVerdict {
  return {
    arch,
    findings: [finding],
    signature: undefined,
    cms: undefined,
    infoPlist: undefined,
    entitlements: undefined,
  };
}

/** To a verifier, what cannot be read is as bad as what was changed; errors of the machine stay errors. */
export function unreadableFinding(error: unknown, where: Where): Finding {
  if (error instanceof OutOfBounds) return errorFinding('MALFORMED', where, error.message);
  const code = error instanceof SigningError ? UNREADABLE[error.code] : undefined;
  if (!code) throw error;
  return errorFinding(code, where, (error as SigningError).message);
}

const UNREADABLE: Readonly<Partial<Record<SigningError['code'], FindingCode>>> = {
  NOT_SIGNABLE: 'NOT_CODE',
  UNSUPPORTED: 'NOT_CODE',
  MALFORMED: 'MALFORMED',
  INVALID_BUNDLE: 'INVALID_BUNDLE',
  INVALID_INFO_PLIST: 'INVALID_BUNDLE',
  INVALID_SYMLINK: 'INVALID_SYMLINK',
  INVALID_PLIST: 'MALFORMED',
  INVALID_REQUIREMENT: 'MALFORMED',
  INVALID_CERTIFICATE: 'MALFORMED',
};
