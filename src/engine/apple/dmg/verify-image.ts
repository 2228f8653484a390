import type { ByteSource } from '../../bytes/source.js';
import { errorFinding, type Finding, type Where } from '../finding.js';
import type { FormatContext } from '../format.js';
import { SLOT } from '../signature/magic.js';
import { decodeSignature, type CodeSignature } from '../signature/read-signature.js';
import { superBlobHeadSize } from '../signature/super-blob.js';
import { verifySignature, type Outside } from '../signature/verify-signature.js';
import type { SliceVerdict } from '../signature/verify-slice.js';
import { unreadableFinding, unsigned } from '../unreadable.js';
import { readImage, type DiskImage } from './image.js';
import { IMAGE_ARCH } from './sign-image.js';

const NOTHING_OUTSIDE: Outside = { infoPlist: undefined, resources: undefined };

/** Checks an image's data, its trailer, what the signature carries, and the signer. Nothing wrong is thrown. */
export async function verifyImage(source: ByteSource, context: FormatContext): Promise<SliceVerdict> {
  const where = { path: context.path, arch: IMAGE_ARCH };
  try {
    const image = await readImage(source);
    if (!image.signature) return unsigned(IMAGE_ARCH, errorFinding('NOT_SIGNED', where));
    const signature = decodeSignature(image.signature);
    const range = { source, codeLimit: image.dataEnd, signature: withTrailer(signature, image) };
    const verdict = await verifySignature(range, NOTHING_OUTSIDE, where, context);
    const findings = [...packingFindings(signature, where), ...verdict.findings];
    return { ...verdict, arch: IMAGE_ARCH, signature, findings };
  } catch (error) {
    return unsigned(IMAGE_ARCH, unreadableFinding(error, where));
  }
}

/** The trailer is checked like what the signature itself carries: there has to be a hash, and it has to be right. */
function withTrailer(signature: CodeSignature, { sealedTrailer }: DiskImage): CodeSignature {
  const { superBlob } = signature;
  const trailer = { slot: SLOT.repSpecific, blob: sealedTrailer };
  return { ...signature, superBlob: { ...superBlob, slots: [trailer, ...superBlob.slots] } };
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
