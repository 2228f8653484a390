import { toHex } from '../../bytes/hex.js';
import type { ByteSource } from '../../bytes/source.js';
import type { FormatContext } from '../format.js';
import { inspectSigner, type SignerInspection } from '../inspect-signer.js';
import { payloadOf } from '../signature/blob.js';
import { flagNames, SLOT } from '../signature/magic.js';
import { decodeSignature } from '../signature/read-signature.js';
import { printRequirement } from '../signature/requirement-text.js';
import { explicitRequirement, implicitRequirement } from '../signature/signed-code.js';
import { blobIn } from '../signature/super-blob.js';
import { verifyCms } from '../signature/verify-cms.js';
import { readImage } from './image.js';

/** JSON as it stands. */
export interface ImageInspection {
  readonly format: 'dmg';
  /** Bytes of the file, and those that a signature covers. */
  readonly size: number;
  readonly dataEnd: number;
  /** Of 512 bytes each, once the image is unpacked. */
  readonly sectorCount: number;
  /** Null when it is not signed. */
  readonly signature: ImageSignatureInspection | null;
}

export interface ImageSignatureInspection extends SignerInspection {
  readonly identifier: string;
  readonly teamId: string | null;
  /** By the names of `codesign --options`. */
  readonly flags: readonly string[];
  /** The primary first; 40 hexadecimal digits each. */
  readonly cdhashes: readonly { readonly hashType: string; readonly cdhash: string }[];
  readonly designatedRequirement: string;
  /** Bytes of the whole signature. */
  readonly signatureSize: number;
  /** Bytes of the stapled ticket; null when there is none. */
  readonly ticketSize: number | null;
}

/** Tells what the signature says; whether it is true is for `verifyImage`. */
export async function inspectImage(source: ByteSource, context: FormatContext): Promise<ImageInspection> {
  const { dataEnd, trailer, signature } = await readImage(source);
  return {
    format: 'dmg',
    size: source.size,
    dataEnd,
    sectorCount: trailer.sectorCount,
    signature: signature ? inspectSignature(signature, context) : null,
  };
}

function inspectSignature(data: Uint8Array, context: FormatContext): ImageSignatureInspection {
  const signature = decodeSignature(data);
  const { cms, directories, requirements, superBlob } = signature;
  const { identifier, teamId, flags } = directories[0]!.directory;
  const own = requirements && explicitRequirement(requirements);
  const ticket = blobIn(superBlob, SLOT.ticket);
  const where = { path: context.path };
  return {
    identifier,
    teamId: teamId ?? null,
    flags: flagNames(flags),
    cdhashes: directories.map(({ hashType, cdhash }) => ({ hashType: hashType.name, cdhash: toHex(cdhash) })),
    designatedRequirement: printRequirement(own ?? implicitRequirement([directories])),
    ...inspectSigner(cms?.length ? verifyCms(cms, signature, { ...context, where }) : undefined),
    signatureSize: data.length,
    ticketSize: ticket ? payloadOf(ticket).length : null,
  };
}
