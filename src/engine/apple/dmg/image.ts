import { toHex } from '../../bytes/hex.js';
import type { Patch } from '../../bytes/patch.js';
import { concat } from '../../bytes/concat.js';
import { readBytes, type ByteSource } from '../../bytes/source.js';
import { digest } from '../../crypto/digest.js';
import { SigningError } from '../../system/error.js';
import { blobHeader } from '../signature/blob.js';
import { encodeSuperBlob, type SlotBlob } from '../signature/super-blob.js';
import { isEncrypted } from './encrypted.js';
import { endsWithKoly, koly, KOLY_VERSION, withSignatureAt, type Koly } from './koly.js';

/** A disk image as far as its signature is concerned. */
export interface DiskImage {
  readonly source: ByteSource;
  readonly trailer: Koly;
  /** Where data and property list end: up to here the signature covers the image, and here it begins. */
  readonly dataEnd: number;
  /** The trailer as the signature covers it, in slot 6: it knows where the signature is, but not how long. */
  readonly sealedTrailer: Uint8Array;
  /** The whole super blob; undefined when the image is not signed. */
  readonly signature: Uint8Array | undefined;
}

/** Real ones have 10 to 20 KB, with a ticket. */
const MAX_SIGNATURE = 16 << 20;

/** @throws SigningError `NOT_SIGNABLE`, `UNSUPPORTED` when the image is encrypted, `MALFORMED`; OutOfBounds */
export async function readImage(source: ByteSource): Promise<DiskImage> {
  const raw = await readTrailer(source);
  const trailer = koly.read(raw);
  if (trailer.version !== KOLY_VERSION)
    throw new SigningError('NOT_SIGNABLE', `it is a disk image of the unknown version ${trailer.version}`);
  const trailerOffset = source.size - koly.size;
  // Apple's reader goes by the offset alone: an image without signature has none (diskimagerep.cpp, setup).
  const dataEnd = trailer.codeSignatureOffset === 0 ? trailerOffset : trailer.codeSignatureOffset;
  if (dataEnd > trailerOffset) throw malformed('its signature lies beyond its end');
  // What the system reads from the image has to be among what is signed.
  if (trailer.xmlOffset + trailer.xmlLength > dataEnd)
    throw malformed('its property list is not in its data');
  return {
    source,
    trailer,
    dataEnd,
    sealedTrailer: withSignatureAt(raw, dataEnd, 0),
    signature: await readSignature(source, dataEnd, trailerOffset - dataEnd, trailer.codeSignatureLength),
  };
}

/** The patch that gives an image this signature, instead of any it has. */
export function signaturePatch(image: DiskImage, slots: readonly SlotBlob[]): Patch {
  const superBlob = encodeSuperBlob(slots);
  const trailer = withSignatureAt(image.sealedTrailer, image.dataEnd, superBlob.length);
  return tailPatch(image, concat(superBlob, trailer));
}

/** The patch that leaves no trace of a signature, as hdiutil wrote the image. */
export function removalPatch(image: DiskImage): Patch {
  return tailPatch(image, withSignatureAt(image.sealedTrailer, 0, 0));
}

/** What makes an ad-hoc identifier unique: SHA-1 of the sealed trailer (diskimagerep.cpp, identification). */
export function imageIdentification({ sealedTrailer }: DiskImage): string {
  return toHex(digest('sha1', sealedTrailer));
}

function tailPatch({ source, dataEnd }: DiskImage, put: Uint8Array): Patch {
  return { at: dataEnd, remove: source.size - dataEnd, put };
}

async function readTrailer(source: ByteSource): Promise<Uint8Array> {
  if (await isEncrypted(source))
    throw new SigningError('UNSUPPORTED', 'it is an encrypted disk image', {
      hint: 'sign what is in it, or make it without encryption',
    });
  const size = Math.min(koly.size, source.size);
  const tail = await readBytes(source, source.size - size, size);
  if (endsWithKoly(tail) && source.size >= koly.size + blobHeader.size) return tail;
  throw new SigningError('NOT_SIGNABLE', 'it is not a disk image that can carry a signature', {
    hint: 'convert a raw or sparse image with `hdiutil convert -format UDZO`',
  });
}

/** As strict as Apple's reader: the signature fills the room before the trailer, to the byte. */
async function readSignature(
  source: ByteSource,
  offset: number,
  room: number,
  length: number,
): Promise<Uint8Array | undefined> {
  if (room === 0) return undefined;
  if (room > MAX_SIGNATURE) throw malformed(`a signature of ${room} bytes`);
  if (length !== room) throw malformed(`its signature has ${length} bytes and room for ${room}`);
  return readBytes(source, offset, room);
}

function malformed(what: string): SigningError {
  return new SigningError('MALFORMED', `the disk image is damaged: ${what}`, {
    hint: 'make it again and sign it afresh',
  });
}
