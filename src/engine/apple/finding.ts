/** Something that a verifier has to say. Messages begin with the words of Apple's codesign where it has some. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  readonly message: string;
  /** The file concerned. */
  readonly path: string;
  readonly arch?: string;
}

/** Apple's sentences (Security, CSCommon.h and its strings) by names that never change. */
const WORDS = {
  NOT_SIGNED: 'code object is not signed at all',
  MODIFIED_CODE: 'invalid signature (code or signature have been modified)',
  MALFORMED: 'invalid or unsupported format for signature',
  MODIFIED_INFO_PLIST: 'invalid Info.plist (plist or signature have been modified)',
  RESOURCES_MISSING: 'code has no resources but signature indicates they must be present',
  SEALED_RESOURCE: 'a sealed resource is missing or invalid',
  NESTED_CODE: 'nested code is modified or invalid',
  REQUIREMENT_NOT_MET: 'code failed to satisfy specified code requirement(s)',
  INVALID_REQUIREMENT: 'code failed to satisfy its own designated requirement',
  INVALID_BUNDLE: 'bundle format unrecognized, invalid, or unsuitable',
  FRAMEWORK_VERSION: 'embedded framework contains modified or invalid version',
  UNSEALED_CONTENTS: 'unsealed contents present in the bundle root',
  INVALID_SYMLINK: 'invalid destination for symbolic link in bundle',
  STRICT_VALIDATION: 'main executable failed strict validation',
  NOT_CODE: 'object file format unrecognized, invalid, or unsuitable',
  INVALID_TIMESTAMP: 'the timestamp is not valid',
  CERTIFICATE: 'the signing certificate is not valid',
  EXPIRED: 'the signing certificate has expired and there is no timestamp to vouch for the time',
  UNTRUSTED: 'the certificate chain does not end at a root of Apple',
} as const;

export type FindingCode = keyof typeof WORDS;

export interface Where {
  readonly path: string;
  readonly arch?: string;
}

export function errorFinding(code: FindingCode, where: Where, detail?: string): Finding {
  return finding('error', code, where, detail);
}

export function warningFinding(code: FindingCode, where: Where, detail?: string): Finding {
  return finding('warning', code, where, detail);
}

function finding(
  severity: Finding['severity'],
  code: FindingCode,
  where: Where,
  detail: string | undefined,
): Finding {
  const message = detail === undefined ? WORDS[code] : `${WORDS[code]}: ${detail}`;
  return { severity, code, message, path: where.path, ...(where.arch !== undefined && { arch: where.arch }) };
}
