import { equal } from '../../bytes/concat.js';
import type { ByteSource } from '../../bytes/source.js';
import { digestRange } from '../../system/digest-range.js';
import { hashPages } from '../../system/hash-pages.js';
import { errorFinding, type Finding, type Where } from '../finding.js';
import type { FormatContext, FormatVerdict } from '../format.js';
import type { CodeDirectory } from '../signature/code-directory.js';
import { slotHash } from '../signature/hash-type.js';
import { CODE_FLAG, SLOT } from '../signature/magic.js';
import { decodeSignature, type CodeSignature, type StoredDirectory } from '../signature/read-signature.js';
import { superBlobHeadSize } from '../signature/super-blob.js';
import { verifyCms } from '../signature/verify-cms.js';
import { unreadableFinding } from '../unreadable.js';
import { readImage, type DiskImage } from './image.js';
import { IMAGE_ARCH } from './sign-image.js';

/** Checks an image's data, its trailer, what the signature carries, and the signer. Nothing wrong is thrown. */
export async function verifyImage(source: ByteSource, context: FormatContext): Promise<FormatVerdict> {
  const where = { path: context.path, arch: IMAGE_ARCH };
  try {
    const image = await readImage(source);
    if (!image.signature)
      return { findings: [errorFinding('NOT_SIGNED', where)], signature: undefined, cms: undefined };
    return await judge(image, decodeSignature(image.signature), where, context);
  } catch (error) {
    return { findings: [unreadableFinding(error, where)], signature: undefined, cms: undefined };
  }
}

async function judge(
  image: DiskImage,
  signature: CodeSignature,
  where: Where,
  context: FormatContext,
): Promise<FormatVerdict> {
  const cms = signature.cms?.length ? verifyCms(signature.cms, signature, { ...context, where }) : undefined;
  const ofDirectories: Finding[] = [];
  for (const stored of signature.directories)
    ofDirectories.push(
      ...(await dataFindings(image, stored, where)),
      ...slotFindings(image, signature, stored, where),
    );
  const findings = [
    ...packingFindings(signature, where),
    ...ofDirectories,
    ...agreementFindings(signature, where),
    ...signerFindings(signature, cms !== undefined, where),
    ...(cms?.findings ?? []),
  ];
  return { findings, signature, cms };
}

/** Room between blobs would be room that nothing covers (superblob.h, strictValidateBlob). */
function packingFindings({ superBlob }: CodeSignature, where: Where): Finding[] {
  const blobs = superBlob.slots.map(({ blob }) => blob).toSorted((a, b) => a.byteOffset - b.byteOffset);
  const first = blobs[0]!;
  let end = first.byteOffset;
  const isPacked = blobs.every((blob) => {
    const follows = blob.byteOffset === end;
    end += blob.length;
    return follows;
  });
  const size = superBlobHeadSize(blobs.length) + end - first.byteOffset;
  if (isPacked && size === superBlob.length) return [];
  return [errorFinding('MALFORMED', where, 'the parts of the signature do not lie close together')];
}

async function dataFindings(image: DiskImage, stored: StoredDirectory, where: Where): Promise<Finding[]> {
  const { directory, hashType } = stored;
  if (directory.codeLimit !== image.dataEnd) {
    const detail = `the signature covers ${directory.codeLimit} bytes, but ${image.dataEnd} come before it`;
    return [errorFinding('MODIFIED_CODE', where, detail)];
  }
  const hashes = await hashesOf(image, directory);
  if (equal(hashes, directory.codeSlots)) return [];
  return [errorFinding('MODIFIED_CODE', where, `the data of the image, by ${hashType.name}`)];
}

/** Images are one page as a rule; `codesign --pagesize` can make it several. */
async function hashesOf({ source, dataEnd }: DiskImage, directory: CodeDirectory): Promise<Uint8Array> {
  const { algorithm, size } = directory.hashType;
  if (directory.pageSize !== 0) {
    const [hashes] = await hashPages(source, dataEnd, directory.pageSize, [algorithm]);
    return hashes!;
  }
  const [whole] = await digestRange(source, 0, dataEnd, [algorithm]);
  return whole!.subarray(0, size);
}

/** Every hash has to have its content, and every content its hash; the ticket comes later and has none. */
function slotFindings(
  { sealedTrailer }: DiskImage,
  { superBlob }: CodeSignature,
  { directory, hashType }: StoredDirectory,
  where: Where,
): Finding[] {
  const contents = new Map<number, Uint8Array>([[SLOT.repSpecific, sealedTrailer]]);
  for (const { slot, blob } of superBlob.slots)
    if (slot !== SLOT.codeDirectory && slot < SLOT.alternateCodeDirectories) contents.set(slot, blob);
  const slots = new Set([...contents.keys(), ...directory.specialSlots.keys()]);
  return [...slots].flatMap((slot) => {
    const content = contents.get(slot);
    const sealed = directory.specialSlots.get(slot);
    if (content && sealed && equal(slotHash(hashType, content), sealed)) return [];
    const what = slot === SLOT.repSpecific ? 'the trailer of the image' : `what slot ${slot} holds`;
    const how = !content ? 'is missing' : sealed ? 'was modified' : 'is not covered';
    return [errorFinding('MODIFIED_CODE', where, `${what} ${how}`)];
  });
}

/** Several CodeDirectories have to tell the same story: systems choose one of them. */
function agreementFindings({ directories }: CodeSignature, where: Where): Finding[] {
  const stories = directories.map(({ directory: { identifier, teamId, flags } }) =>
    JSON.stringify([identifier, teamId, flags]),
  );
  return new Set(stories).size === 1
    ? []
    : [errorFinding('MODIFIED_CODE', where, 'its CodeDirectories contradict each other')];
}

/** Without a CMS, the image has to say itself that it is signed ad-hoc. */
function signerFindings({ directories }: CodeSignature, hasSigner: boolean, where: Where): Finding[] {
  const isAdhoc = (directories[0]!.directory.flags & CODE_FLAG.adhoc) !== 0;
  if (isAdhoc !== hasSigner) return [];
  const detail = isAdhoc ? 'it is marked ad-hoc and has a signer' : 'the signature of its signer is missing';
  return [errorFinding('MODIFIED_CODE', where, detail)];
}
