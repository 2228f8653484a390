import { join } from 'node:path';
import type { ByteSource } from '../../bytes/source.js';
import { readSmallFileIfPresent, withSource, writeSmallFile } from '../../system/files.js';
import { hashPages } from '../../system/hash-pages.js';
import { decodeCodeDirectory, cdhashOf, encodeCodeDirectory } from '../signature/code-directory.js';
import { digestsForScript } from '../signature/digests.js';
import { slotHash, type HashType } from '../signature/hash-type.js';
import { CODE_FLAG, SLOT } from '../signature/magic.js';
import type { CodeSignature, StoredDirectory } from '../signature/read-signature.js';
import type { SignedDirectory } from '../signature/sign-slice.js';
import { describeSignedCode, type SignedCode } from '../signature/signed-code.js';
import { verifySignature, type Outside, type VerifyContext } from '../signature/verify-signature.js';
import { judging, type SliceVerdict } from '../signature/verify-slice.js';
import type { CodeContext, OwnBundle, Place } from './sign-file.js';

/*
 * A bundle's main executable may be no Mach-O: a script, or the Info.plist where there is no program at all. It cannot
 * hold a signature, so the parts lie beside the seal, each in a file (bundlediskrep.cpp, Writer::component).
 */
const PART = {
  directory: 'CodeDirectory',
  requirements: 'CodeRequirements',
  cms: 'CodeSignature',
} as const;
/** The second CodeDirectory has this name (codedirectory.cpp, canonicalSlotName): a slip of Apple's that has become the format. */
const ALTERNATE = 'CodeRequirements-1';
/** What stands for an architecture. */
export const SCRIPT = 'script';

/** Signs the main executable of a bundle that is no Mach-O; the seal is there already. */
export async function signScript(
  place: Place,
  folder: string,
  bundle: OwnBundle,
  context: CodeContext,
): Promise<SignedCode> {
  const { signer } = context;
  const settings = context.settingsFor(place.name);
  const identifier = settings.identifier ?? bundle.identifier!;
  const requirements = settings.requirements ?? signer.requirementsFor(identifier);
  const flags = settings.flags | (signer.signCms ? 0 : CODE_FLAG.adhoc);
  const hashTypes = digestsForScript(signer.compat);
  const facts = { identifier, teamId: signer.teamId, flags };
  const directories = await withSource(place.path, (source) =>
    directoriesOf(source, facts, hashTypes, { ...bundle, requirements }),
  );
  const cms = signer.signCms ? await signer.signCms(directories) : new Uint8Array();
  const [primary, alternate] = directories;
  await writeSmallFile(join(folder, PART.directory), primary!.blob);
  if (alternate) await writeSmallFile(join(folder, ALTERNATE), alternate.blob);
  await writeSmallFile(join(folder, PART.requirements), requirements);
  await writeSmallFile(join(folder, PART.cms), cms);
  const code = describeSignedCode(
    {
      path: place.name,
      identifier,
      requirements,
      slices: [{ arch: SCRIPT, cpuType: 0, cpuSubtype: 0, flags, directories }],
    },
    signer.compat,
  );
  context.onSigned(code);
  return code;
}

interface Sealed {
  readonly infoPlist: Uint8Array;
  readonly resources: Uint8Array;
  readonly requirements: Uint8Array;
}

interface Facts {
  readonly identifier: string;
  readonly teamId: string | undefined;
  readonly flags: number;
}

async function directoriesOf(
  source: ByteSource,
  facts: Facts,
  hashTypes: readonly HashType[],
  sealed: Sealed,
): Promise<SignedDirectory[]> {
  const hashes = await hashPages(
    source,
    source.size,
    0,
    hashTypes.map(({ algorithm }) => algorithm),
  );
  return hashTypes.map((hashType, i) => ({
    hashType,
    blob: encodeCodeDirectory({
      ...facts,
      hashType,
      pageSize: 0,
      codeLimit: source.size,
      platform: 0,
      execSegment: undefined,
      runtimeVersion: 0,
      specialSlots: new Map([
        [SLOT.infoPlist, slotHash(hashType, sealed.infoPlist)],
        [SLOT.requirements, slotHash(hashType, sealed.requirements)],
        [SLOT.resources, slotHash(hashType, sealed.resources)],
      ]),
      codeSlots: hashes[i]!,
    }),
  }));
}

/** Checks such a main executable against the parts in `folder`. */
export async function verifyScript(
  path: string,
  folder: string,
  outside: Outside,
  context: VerifyContext,
): Promise<SliceVerdict> {
  return judging({ path, arch: SCRIPT }, async (where) => {
    const signature = await readParts(folder);
    if (!signature) return undefined;
    return withSource(path, (source) =>
      verifySignature({ source, codeLimit: source.size, signature }, outside, where, context),
    );
  });
}

/** The signature that lies in files; undefined when there is none. */
export async function readParts(folder: string): Promise<CodeSignature | undefined> {
  const [primary, alternate, requirements, cms] = await Promise.all(
    [PART.directory, ALTERNATE, PART.requirements, PART.cms].map((name) =>
      readSmallFileIfPresent(join(folder, name)),
    ),
  );
  if (!primary) return undefined;
  const directories = [primary, ...(alternate ? [alternate] : [])].map(stored);
  const slots = requirements ? [{ slot: SLOT.requirements, blob: requirements }] : [];
  return {
    superBlob: { magic: 0, length: 0, slots },
    directories,
    requirements,
    entitlements: undefined,
    entitlementsDer: undefined,
    cms,
  };
}

function stored(blob: Uint8Array): StoredDirectory {
  const directory = decodeCodeDirectory(blob);
  return { hashType: directory.hashType, blob, directory, cdhash: cdhashOf(directory.hashType, blob) };
}
