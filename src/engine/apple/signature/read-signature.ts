import { readBytes } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import type { MachO } from '../macho/read.js';
import { blobHeader, payloadOf } from './blob.js';
import { cdhashOf, decodeCodeDirectory, type CodeDirectory } from './code-directory.js';
import type { HashType } from './hash-type.js';
import { MAGIC, MAX_ALTERNATES, SLOT } from './magic.js';
import { blobIn, decodeSuperBlob, type SuperBlob } from './super-blob.js';

/** A signature as it stands in a file; nothing has been checked yet. */
export interface CodeSignature {
  readonly superBlob: SuperBlob;
  /** The primary first. */
  readonly directories: readonly StoredDirectory[];
  /** Whole blob. */
  readonly requirements: Uint8Array | undefined;
  /** Whole blobs. */
  readonly entitlements: Uint8Array | undefined;
  readonly entitlementsDer: Uint8Array | undefined;
  /** Undefined or empty in ad-hoc signatures. */
  readonly cms: Uint8Array | undefined;
}

export interface StoredDirectory {
  readonly hashType: HashType;
  readonly blob: Uint8Array;
  readonly directory: CodeDirectory;
  /** 20 bytes. */
  readonly cdhash: Uint8Array;
}

/** A signature is held in memory whole; real ones are a thousandth of their program, and never near this. */
const MAX_SIGNATURE = 256 << 20;

/** The embedded signature; undefined when there is none. @throws SigningError `MALFORMED`; OutOfBounds */
export async function readSignature(macho: MachO): Promise<CodeSignature | undefined> {
  if (!macho.codeSignature) return undefined;
  const { offset, size } = macho.codeSignature;
  if (size > MAX_SIGNATURE) throw new SigningError('MALFORMED', `a signature of ${size} bytes`);
  return decodeSignature(await readBytes(macho.source, offset, size));
}

/** @throws SigningError `MALFORMED`; OutOfBounds */
export function decodeSignature(data: Uint8Array): CodeSignature {
  const superBlob = decodeSuperBlob(data);
  if (superBlob.magic !== MAGIC.embeddedSignature) {
    throw new SigningError('MALFORMED', 'what LC_CODE_SIGNATURE points to is not a signature');
  }
  checkSlots(superBlob);
  const directories = directoriesIn(superBlob);
  const cms = blobIn(superBlob, SLOT.signature);
  return {
    superBlob,
    directories,
    requirements: blobIn(superBlob, SLOT.requirements),
    entitlements: blobIn(superBlob, SLOT.entitlements),
    entitlementsDer: blobIn(superBlob, SLOT.entitlementsDer),
    cms: cms && cmsIn(cms),
  };
}

/** No hash covers the index: a part that was hidden, or stands there twice, would let two readers see different ones. */
function checkSlots({ slots }: SuperBlob): void {
  const numbers = slots.map(({ slot }) => slot);
  if (!numbers.includes(SLOT.codeDirectory))
    throw new SigningError('MALFORMED', 'the signature has no CodeDirectory');
  if (new Set(numbers).size < numbers.length)
    throw new SigningError('MALFORMED', 'the signature has two parts for the same slot');
}

/** Nothing hashes this blob's head. */
function cmsIn(blob: Uint8Array): Uint8Array {
  if (blobHeader.read(blob).magic === MAGIC.blobWrapper) return payloadOf(blob);
  throw new SigningError('MALFORMED', 'what should be the signature of its signer is another blob');
}

function directoriesIn(superBlob: SuperBlob): StoredDirectory[] {
  const alternates = Array.from({ length: MAX_ALTERNATES }, (_, i) => SLOT.alternateCodeDirectories + i);
  return [SLOT.codeDirectory, ...alternates].flatMap((slot) => {
    const blob = blobIn(superBlob, slot);
    if (!blob) return [];
    const directory = decodeCodeDirectory(blob);
    return [{ hashType: directory.hashType, blob, directory, cdhash: cdhashOf(directory.hashType, blob) }];
  });
}

/** The CodeDirectory that macOS goes by: the one with the strongest digest it knows. */
export function bestDirectory({ directories }: CodeSignature): StoredDirectory {
  const rank = ['sha1', 'sha256-truncated', 'sha256', 'sha384'];
  return directories.toSorted((a, b) => rank.indexOf(b.hashType.name) - rank.indexOf(a.hashType.name))[0]!;
}
