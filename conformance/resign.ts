import { equal } from '../src/engine/bytes/concat.js';
import { toHex } from '../src/engine/bytes/hex.js';
import { patchedSource } from '../src/engine/bytes/patch.js';
import type { ByteSource } from '../src/engine/bytes/source.js';
import { childrenOf, readOnly } from '../src/engine/crypto/ber.js';
import { verifyTimestamp } from '../src/engine/crypto/timestamp-verify.js';
import { appleRoots } from '../src/engine/apple/certificates.js';
import { timestampTokenOf } from '../src/engine/apple/signature/cms-signature.js';
import { decodeSignedData } from '../src/engine/crypto/cms-decode.js';
import { openBundle } from '../src/engine/apple/bundle/bundle.js';
import { signCode, type CodeSettings, type OwnBundle } from '../src/engine/apple/bundle/sign-file.js';
import { codeSettings } from '../src/engine/apple/code-settings.js';
import { resolveCompat, type Compat } from '../src/engine/apple/compat.js';
import { readMachOFile } from '../src/engine/apple/macho/read-file.js';
import { payloadOf } from '../src/engine/apple/signature/blob.js';
import { readEntitlements } from '../src/engine/apple/signature/entitlements.js';
import { CODE_FLAG, flagNames } from '../src/engine/apple/signature/magic.js';
import type { CodeSignature } from '../src/engine/apple/signature/read-signature.js';
import { readSmallFile } from '../src/engine/system/files.js';
import { join } from 'node:path';
import type { SignatureCase, SliceCase } from './cases.js';
import { replayedSigner } from './replayed-signer.js';
import { firstDifference, readSlice, withoutCms, type StoredSlice } from './stored-slice.js';

/** By check: what differs, or undefined where nothing does. */
export type Comparison = Readonly<Record<string, string | undefined>>;

export interface ResignRequest {
  readonly name: string;
  readonly original: ByteSource;
  readonly stripped: ByteSource;
  readonly index: number;
  readonly slice: SliceCase & { readonly signature: SignatureCase };
  /** Folder of the bundle whose main executable this is. */
  readonly bundle: string | undefined;
}

/** Signs stripped code anew, told no more than its maker told, and holds every part of the result against the original. */
export async function resign(request: ResignRequest): Promise<Comparison> {
  const { original, stripped, slice, index } = request;
  const stored = await readSlice(original, index);
  const cms = stored.signature.cms ?? new Uint8Array();
  const compat = compatOf(slice);
  const { signer, signedAttributes } = await replayedSigner(cms, compat);
  const settings = settingsOf(slice, stored.signature);
  const { code, patches } = await signCode(
    { path: request.name, name: '' },
    await readMachOFile(stripped),
    request.bundle === undefined ? undefined : await bundleAt(request.bundle),
    {
      signer: slice.given?.teamId ? { ...signer, teamId: slice.signature.teamId! } : signer,
      settingsFor: () => settings,
      onSigned: () => undefined,
    },
  );
  const rebuilt = await readSlice(patchedSource(stripped, patches), index);
  return {
    cdhash: differentCdhash(code.slices[index]!.cdhashes, slice.signature),
    bytes: await differentCode(rebuilt, stored),
    signature: different(
      'the blobs',
      withoutCms(rebuilt.signature.superBlob),
      withoutCms(stored.signature.superBlob),
    ),
    ...(stored.signature.requirements && {
      requirement: different('the blob', rebuilt.signature.requirements, stored.signature.requirements),
    }),
    ...(stored.signature.entitlementsDer && {
      'entitlements DER': different(
        'the blob',
        rebuilt.signature.entitlementsDer,
        stored.signature.entitlementsDer,
      ),
    }),
    ...(cms.length > 0 && { 'signed attributes': differentAttributes(signedAttributes[index], cms) }),
    ...(slice.signature.signer?.timestamp !== undefined && { timestamp: await timestampProblem(cms) }),
    ...(cms.length > 0 && isByApple(cms) && { CMS: different('the CMS', rebuilt.signature.cms, cms) }),
  };
}

function compatOf({ given, signature, arch }: ResignRequest['slice']): Compat {
  return resolveCompat({
    ...(arch === 'arm64' && { arm64PageSize: signature.pageSize as Compat['arm64PageSize'] }),
    ...(given?.cmsReserve !== undefined && { cmsReserve: given.cmsReserve }),
  });
}

function settingsOf(
  { given, signature }: ResignRequest['slice'],
  { entitlements }: CodeSignature,
): CodeSettings {
  const wishes = {
    identifier: given?.identifier ? signature.identifier : undefined,
    flags: flagNames(signature.flags & ~CODE_FLAG.adhoc),
    hardenedRuntime: false, // It is among the flags.
    entitlements: entitlements && readEntitlements(payloadOf(entitlements)),
  };
  return codeSettings(wishes, {})('');
}

async function bundleAt(path: string): Promise<OwnBundle> {
  const { root, infoPlist, identifier } = await openBundle(path);
  const resources = await readSmallFile(join(root, '_CodeSignature', 'CodeResources'));
  return { infoPlist, identifier, resources };
}

function differentCdhash(
  ours: readonly { readonly hashType: string; readonly cdhash: string }[],
  { cdhashes }: SignatureCase,
): string | undefined {
  const [own, theirs] = [
    Object.fromEntries(ours.map(({ hashType, cdhash }) => [hashType, cdhash])),
    cdhashes,
  ];
  const isSame = JSON.stringify(own) === JSON.stringify(theirs);
  return isSame ? undefined : `${JSON.stringify(own)} instead of ${JSON.stringify(theirs)}`;
}

async function differentCode(rebuilt: StoredSlice, stored: StoredSlice): Promise<string | undefined> {
  const at = await firstDifference(rebuilt.code, stored.code);
  if (at !== undefined) return `offset 0x${at.toString(16)} of ${stored.code.size}`;
  return rebuilt.signatureSize === stored.signatureSize
    ? undefined
    : `${rebuilt.signatureSize} bytes for the signature instead of ${stored.signatureSize}`;
}

function different(what: string, ours: Uint8Array | undefined, theirs: Uint8Array): string | undefined {
  if (ours && equal(ours, theirs)) return undefined;
  const at = ours ? theirs.findIndex((byte, i) => byte !== ours[i]) : 0;
  return `${what}, from offset ${at}: ${toHex((ours ?? theirs).subarray(at, at + 16))}`;
}

/** A signature stores them as [0]; what is signed has the tag of a SET (RFC 5652 5.4). */
function differentAttributes(ours: Uint8Array | undefined, cms: Uint8Array): string | undefined {
  const stored = decodeSignedData(cms).signers[0]!.signedAttributes!.raw;
  return different('the attributes', ours?.subarray(1), stored.subarray(1));
}

/** A real timestamp of Apple's has to lead to Apple's root. */
async function timestampProblem(cms: Uint8Array): Promise<string | undefined> {
  const [signer] = decodeSignedData(cms).signers;
  const { problems } = verifyTimestamp(timestampTokenOf(signer!)!, signer!.signature, await appleRoots());
  return problems[0]?.text;
}

/** Apple's encoder leaves its outermost lengths open; other people's signatures are packed differently. */
function isByApple(cms: Uint8Array): boolean {
  return childrenOf(readOnly(cms)).length > 0 && cms[1] === 0x80;
}
