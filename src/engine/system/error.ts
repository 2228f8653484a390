/** Every failure that a user can meet, by a name that never changes. `docs/errors` has a page for each. */
export type ErrorCode =
  // What was given
  | 'INVALID_OPTION'
  | 'NOT_FOUND'
  | 'NOT_SIGNABLE'
  | 'MALFORMED'
  | 'UNSUPPORTED'
  | 'NO_HEADER_ROOM'
  | 'NOT_SIGNED'
  | 'SIGNATURE_NOT_AT_END'
  // Bundles
  | 'INVALID_INFO_PLIST'
  | 'INVALID_BUNDLE'
  | 'INVALID_SYMLINK'
  | 'UNSIGNED_NESTED_CODE'
  | 'INVALID_ENTITLEMENTS'
  | 'INVALID_REQUIREMENT'
  | 'INVALID_PLIST'
  // Identities
  | 'NO_IDENTITY'
  | 'WRONG_PASSWORD'
  | 'INVALID_KEY'
  | 'INVALID_CERTIFICATE'
  | 'KEY_MISMATCH'
  | 'CERTIFICATE_EXPIRED'
  | 'WRONG_CERTIFICATE_KIND'
  | 'INCOMPLETE_CHAIN'
  // What was written
  | 'SIGNATURE_TOO_LARGE'
  | 'VERIFICATION_FAILED'
  | 'REQUIREMENT_NOT_MET'
  // Timestamps and other services
  | 'TIMESTAMP_UNAVAILABLE'
  | 'TIMESTAMP_INVALID'
  | 'NETWORK'
  // Building
  | 'NO_COMPILER'
  | 'COMPILE_FAILED'
  | 'INVALID_HELPER'
  | 'TOOL_FAILED'
  // The machine
  | 'PERMISSION_DENIED'
  | 'DISK_FULL'
  | 'IO';

/** What happened (`message`), its stable name (`code`), and what to do next (`hint`). */
export class SigningError extends Error {
  override readonly name = 'SigningError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, more: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
  }
}

/** The `code` of an error that Node's file or network calls threw; undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

const CAUSES: Record<string, { code: ErrorCode; what: string; hint: string }> = {
  ENOENT: { code: 'NOT_FOUND', what: 'does not exist', hint: 'check the path' },
  ENOTDIR: { code: 'NOT_FOUND', what: 'has a parent that is not a folder', hint: 'check the path' },
  EISDIR: { code: 'INVALID_OPTION', what: 'is a folder, a file was expected', hint: 'check the path' },
  EEXIST: { code: 'INVALID_OPTION', what: 'exists already and is in the way', hint: 'choose another place' },
  ELOOP: { code: 'INVALID_OPTION', what: 'has links that lead in a circle', hint: 'check the path' },
  ENAMETOOLONG: { code: 'INVALID_OPTION', what: 'has too long a name', hint: 'choose a shorter path' },
  EACCES: { code: 'PERMISSION_DENIED', what: 'is not accessible', hint: 'check its permissions' },
  EPERM: { code: 'PERMISSION_DENIED', what: 'is not accessible', hint: 'check its permissions' },
  EROFS: {
    code: 'PERMISSION_DENIED',
    what: 'is on a read-only file system',
    hint: 'choose another output folder',
  },
  ENOSPC: { code: 'DISK_FULL', what: 'could not be written: the disk is full', hint: 'free some space' },
  EDQUOT: { code: 'DISK_FULL', what: 'could not be written: the quota is used up', hint: 'free some space' },
};

/** Names the path and the cause of a file system failure; errors that already are `SigningError`s stay as they are. */
export function fileError(error: unknown, path: string): SigningError {
  if (error instanceof SigningError) return error;
  const system = systemCode(error);
  if (system === undefined) throw error; // A bug of ours: let it fly.
  const known = CAUSES[system];
  if (known) return new SigningError(known.code, `${path} ${known.what}`, { hint: known.hint, cause: error });
  return new SigningError('IO', `${path}: ${system}`, {
    hint: 'check the disk, and try again',
    cause: error,
  });
}
