// The blobs of a code signature. Source: apple-oss-distributions/Security, libsecurity_codesigning/lib/CSCommonPriv.h
// and libsecurity_utilities; XNU osfmk/kern/cs_blobs.h. Everything here is big-endian.

export const MAGIC = {
  requirement: 0xfade0c00,
  requirements: 0xfade0c01,
  codeDirectory: 0xfade0c02,
  embeddedSignature: 0xfade0cc0,
  detachedSignature: 0xfade0cc1,
  blobWrapper: 0xfade0b01,
  entitlements: 0xfade7171,
  entitlementsDer: 0xfade7172,
  launchConstraint: 0xfade8181,
} as const;

/** Slots of the super blob; those up to 11 are hashed by the CodeDirectory as its "special slots". */
export const SLOT = {
  codeDirectory: 0,
  infoPlist: 1,
  requirements: 2,
  resources: 3,
  application: 4,
  entitlements: 5,
  repSpecific: 6,
  entitlementsDer: 7,
  launchConstraintSelf: 8,
  launchConstraintParent: 9,
  launchConstraintResponsible: 10,
  libraryConstraint: 11,
  alternateCodeDirectories: 0x1000,
  signature: 0x10000,
  identification: 0x10001,
  ticket: 0x10002,
} as const;

/** As many alternate CodeDirectories as the kernel looks at: 0x1000 to 0x1004. */
export const MAX_ALTERNATES = 5;

/** CodeDirectory flags by the names of `codesign --options`. */
export const CODE_FLAG = {
  host: 0x1,
  adhoc: 0x2,
  hard: 0x100,
  kill: 0x200,
  expires: 0x400,
  restrict: 0x800,
  enforcement: 0x1000,
  'library-validation': 0x2000,
  runtime: 0x10000,
  'linker-signed': 0x20000,
} as const;

export type CodeFlag = keyof typeof CODE_FLAG;

/** The names of the flags that are set, in order of their bits; unknown bits as `0x…`. */
export function flagNames(flags: number): string[] {
  const names: string[] = [];
  let rest = flags;
  for (const [name, bit] of Object.entries(CODE_FLAG)) {
    if ((flags & bit) === 0) continue;
    names.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  return names;
}
