import type { ByteSource } from '../../bytes/source.js';
import { fixedClock } from '../../system/clock.js';
import type { FormatContext } from '../format.js';
import { payloadOf } from '../signature/blob.js';
import { inspectSignature, type SliceInspection } from '../signature/inspect-slice.js';
import { SLOT } from '../signature/magic.js';
import { decodeSignature } from '../signature/read-signature.js';
import { blobIn } from '../signature/super-blob.js';
import { readImage } from './image.js';
import { IMAGE_ARCH } from './sign-image.js';

/** JSON as it stands. */
export interface ImageInspection {
  readonly format: 'dmg';
  /** One: an image is signed as a whole. */
  readonly slices: readonly SliceInspection[];
  /** Bytes that a signature covers: data and property list. */
  readonly dataEnd: number;
  /** Of 512 bytes each, once the image is unpacked. */
  readonly sectorCount: number;
  /** Bytes of the stapled ticket; null when there is none. */
  readonly ticketSize: number | null;
}

/** Tells what the signature says; whether it is true is for `verifyImage`. */
export async function inspectImage(source: ByteSource, context: FormatContext): Promise<ImageInspection> {
  const { dataEnd, trailer, signature: data } = await readImage(source);
  const signature = data && decodeSignature(data);
  const ticket = signature && blobIn(signature.superBlob, SLOT.ticket);
  const { now, appleRoots } = context;
  const inspection =
    signature && inspectSignature(signature, data.length, { clock: fixedClock(now), appleRoots });
  return {
    format: 'dmg',
    slices: [{ arch: IMAGE_ARCH, offset: 0, size: source.size, signature: inspection ?? null }],
    dataEnd,
    sectorCount: trailer.sectorCount,
    ticketSize: ticket ? payloadOf(ticket).length : null,
  };
}
