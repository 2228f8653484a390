import type { ByteSource } from '../../bytes/source.js';
import { toHex } from '../../bytes/hex.js';
import { SigningError } from '../../system/error.js';
import { digestRange } from '../../system/digest-range.js';
import type { FormatRequest, SignedWhole } from '../format.js';
import type { Compat } from '../compat.js';
import { encodeBlob } from '../signature/blob.js';
import { cdhashOf, encodeCodeDirectory } from '../signature/code-directory.js';
import { HASH_TYPES, slotHash, type HashType } from '../signature/hash-type.js';
import { identifierFromPath } from '../signature/identifier.js';
import { CODE_FLAG, flagNames, MAGIC, SLOT } from '../signature/magic.js';
import { blobIn, decodeSuperBlob } from '../signature/super-blob.js';
import { printRequirement } from '../signature/requirement-text.js';
import { explicitRequirement, implicitRequirement, type SignedCode } from '../signature/signed-code.js';
import type { SignedDirectory } from '../signature/sign-slice.js';
import type { Signer } from '../signature/sign-macho.js';
import { adhocSigner, keySigner } from '../signature/signer.js';
import { readImage, signaturePatch, imageIdentification, type DiskImage } from './image.js';

/** How a slice is called where other code has an architecture. */
export const IMAGE_ARCH = 'disk image';

/** What the CodeDirectory says beside hashes. */
interface Facts {
  readonly identifier: string;
  readonly teamId: string | undefined;
  readonly flags: number;
  readonly requirements: Uint8Array;
}

/**
 * Signs a disk image as codesign does (diskimagerep.cpp, signer.cpp): one hash of all data, one of the trailer, no
 * padding. A signature that was there gives way. The hardened runtime means nothing here and is left out, as when
 * codesign is not told otherwise.
 * @throws SigningError `NOT_SIGNABLE`, `UNSUPPORTED`, `MALFORMED`, `INVALID_OPTION` when there are entitlements
 */
export async function signImage(source: ByteSource, request: FormatRequest): Promise<SignedWhole> {
  if (request.settings.entitlements)
    throw new SigningError('INVALID_OPTION', 'a disk image has no entitlements', {
      hint: 'give them to the programs in it, and sign those before the image is made',
    });
  const image = await readImage(source);
  const signer = signerFor(request);
  const facts = factsOf(image, request, signer);
  const directories = await buildDirectories(image, facts, hashTypesFor(request.compat));
  const cms = (await signer.signCms?.(directories)) ?? new Uint8Array();
  const patch = signaturePatch(image, [
    { slot: SLOT.requirements, blob: facts.requirements },
    ...directories.map(({ blob }, i) => ({ slot: directorySlot(i), blob })),
    { slot: SLOT.signature, blob: encodeBlob(MAGIC.blobWrapper, cms) },
  ]);
  return {
    patches: [patch],
    signed: { kind: 'dmg', code: describe(facts, directories) },
    warnings: warningsAbout(image),
  };
}

function signerFor({ credentials, compat }: FormatRequest): Signer {
  return credentials ? keySigner({ ...credentials, compat }) : adhocSigner(compat);
}

function factsOf(image: DiskImage, { settings, fileName }: FormatRequest, signer: Signer): Facts {
  const isAdhoc = signer.signCms === undefined;
  const identifier = settings.identifier ?? defaultIdentifier(image, fileName, isAdhoc);
  return {
    identifier,
    teamId: signer.teamId,
    flags: (settings.flags & ~CODE_FLAG.runtime) | (isAdhoc ? CODE_FLAG.adhoc : 0),
    requirements: settings.requirements ?? signer.requirementsFor(identifier),
  };
}

/** signer.cpp, prepare: the file's name, made unique when that means little. */
function defaultIdentifier(image: DiskImage, fileName: string, isAdhoc: boolean): string {
  const name = identifierFromPath(fileName);
  return isAdhoc && !name.includes('.') ? `${name}-${imageIdentification(image)}` : name;
}

/** Every release of codesign gives images SHA-256 alone: nothing older ever read their signatures. */
function hashTypesFor({ digests }: Compat): readonly HashType[] {
  if (typeof digests === 'string') return [HASH_TYPES.sha256];
  return [HASH_TYPES.sha1, HASH_TYPES.sha256].filter(({ name }) => digests.includes(name));
}

async function buildDirectories(
  image: DiskImage,
  facts: Facts,
  hashTypes: readonly HashType[],
): Promise<SignedDirectory[]> {
  const algorithms = hashTypes.map(({ algorithm }) => algorithm);
  const digests = await digestRange(image.source, 0, image.dataEnd, algorithms);
  return hashTypes.map((hashType, i) => ({
    hashType,
    blob: encodeCodeDirectory({
      flags: facts.flags,
      identifier: facts.identifier,
      teamId: facts.teamId,
      hashType,
      pageSize: 0,
      codeLimit: image.dataEnd,
      platform: 0,
      execSegment: undefined,
      runtimeVersion: 0,
      specialSlots: new Map([
        [SLOT.requirements, slotHash(hashType, facts.requirements)],
        [SLOT.repSpecific, slotHash(hashType, image.sealedTrailer)],
      ]),
      codeSlots: digests[i]!,
    }),
  }));
}

function directorySlot(position: number): number {
  return position === 0 ? SLOT.codeDirectory : SLOT.alternateCodeDirectories + position - 1;
}

function describe(
  { identifier, teamId, flags, requirements }: Facts,
  directories: readonly SignedDirectory[],
): SignedCode {
  const best = directories.at(-1)!;
  const requirement = explicitRequirement(requirements) ?? implicitRequirement([directories]);
  const cdhashes = directories.map(({ hashType, blob }) => ({
    hashType: hashType.name,
    cdhash: toHex(cdhashOf(hashType, blob)),
  }));
  return {
    path: '',
    identifier,
    teamId,
    designatedRequirement: printRequirement(requirement),
    cdhash: cdhashOf(best.hashType, best.blob),
    slices: [{ arch: IMAGE_ARCH, flags: flagNames(flags), cdhashes }],
  };
}

function warningsAbout({ signature }: DiskImage): string[] {
  const hasTicket = signature && blobIn(decodeSuperBlob(signature), SLOT.ticket) !== undefined;
  return hasTicket
    ? [
        'the notarization ticket in the disk image was for the old signature and is gone: notarize and staple again',
      ]
    : [];
}
