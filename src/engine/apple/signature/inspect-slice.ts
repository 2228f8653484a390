import { toHex } from '../../bytes/hex.js';
import type { Certificate } from '../../crypto/certificate.js';
import type { Clock } from '../../system/clock.js';
import { readPlist } from '../../system/plist/read.js';
import { toJson, type JsonValue } from '../../system/plist/to-json.js';
import { inspectSigner, type SignerInspection } from '../inspect-signer.js';
import type { MachO } from '../macho/read.js';
import { payloadOf } from './blob.js';
import { flagNames } from './magic.js';
import { readSignature, type CodeSignature, type StoredDirectory } from './read-signature.js';
import { printRequirement } from './requirement-text.js';
import { explicitRequirement, implicitRequirement } from './signed-code.js';
import { verifyCms } from './verify-cms.js';

/** One architecture of a file. */
export interface SliceInspection {
  readonly arch: string;
  /** Bytes, in the file. */
  readonly offset: number;
  readonly size: number;
  /** Null when it is not signed. */
  readonly signature: SignatureInspection | null;
}

export interface SignatureInspection extends SignerInspection {
  /** The primary first. */
  readonly codeDirectories: readonly CodeDirectoryInspection[];
  /** Text: what the signature carries, else what stands for ad-hoc code, its cdhash. */
  readonly designatedRequirement: string;
  /** True when the signature carries none. */
  readonly isRequirementImplicit: boolean;
  /** Data as base64, dates as ISO 8601; null when there are none. */
  readonly entitlements: JsonValue;
  /** Bytes of the signature, and bytes kept for it in the file. */
  readonly signatureSize: number;
  readonly reservedSize: number;
  /** Bytes of the CMS; 0 when signed ad-hoc. */
  readonly cmsSize: number;
}

export interface CodeDirectoryInspection {
  readonly hashType: string;
  /** 40 hexadecimal digits. */
  readonly cdhash: string;
  /** As 0x20500. */
  readonly version: number;
  readonly flags: number;
  /** By the names of `codesign --options`. */
  readonly flagNames: readonly string[];
  readonly identifier: string;
  readonly teamId: string | null;
  /** Bytes; 0 when all the code is one page. */
  readonly pageSize: number;
  readonly codeLimit: number;
  /** Hashes by slot number, hexadecimal. */
  readonly specialSlots: Readonly<Record<string, string>>;
  /** How many pages are hashed. */
  readonly codeSlots: number;
  /** `x.y.z`; null without the hardened runtime. */
  readonly runtimeVersion: string | null;
  readonly execSegment: { readonly base: number; readonly limit: number; readonly flags: number } | null;
}

export interface InspectContext {
  readonly clock: Clock;
  readonly appleRoots: readonly Certificate[];
}

export async function inspectSlice(
  macho: MachO,
  offset: number,
  context: InspectContext,
): Promise<SliceInspection> {
  const signature = await readSignature(macho);
  const { arch, source, codeSignature } = macho;
  const reserved = codeSignature?.size ?? 0;
  return {
    arch,
    offset,
    size: source.size,
    signature: signature ? inspectSignature(signature, reserved, context) : null,
  };
}

/** @param reservedSize bytes kept for the signature where it lies */
export function inspectSignature(
  signature: CodeSignature,
  reservedSize: number,
  { clock, appleRoots }: InspectContext,
): SignatureInspection {
  const { cms, directories, superBlob } = signature;
  const own = signature.requirements && explicitRequirement(signature.requirements);
  const now = clock.now();
  const signer = cms?.length
    ? verifyCms(cms, signature, { now, appleRoots, where: { path: '' } })
    : undefined;
  return {
    codeDirectories: directories.map(inspectDirectory),
    designatedRequirement: printRequirement(own ?? implicitRequirement([directories])),
    isRequirementImplicit: own === undefined,
    entitlements: signature.entitlements ? toJson(readPlist(payloadOf(signature.entitlements))) : null,
    ...inspectSigner(signer),
    signatureSize: superBlob.length,
    reservedSize,
    cmsSize: cms?.length ?? 0,
  };
}

function inspectDirectory({ hashType, cdhash, directory }: StoredDirectory): CodeDirectoryInspection {
  const { runtimeVersion, specialSlots, codeSlots } = directory;
  return {
    hashType: hashType.name,
    cdhash: toHex(cdhash),
    version: directory.version,
    flags: directory.flags,
    flagNames: flagNames(directory.flags),
    identifier: directory.identifier,
    teamId: directory.teamId ?? null,
    pageSize: directory.pageSize,
    codeLimit: directory.codeLimit,
    specialSlots: Object.fromEntries([...specialSlots].map(([slot, hash]) => [String(slot), toHex(hash)])),
    codeSlots: codeSlots.length / hashType.size,
    runtimeVersion: runtimeVersion === 0 ? null : versionText(runtimeVersion),
    execSegment: directory.execSegment ?? null,
  };
}

/** Nibbles xxxx.yy.zz. */
export function versionText(version: number): string {
  return [version >>> 16, (version >>> 8) & 0xff, version & 0xff].join('.');
}
