import { toHex } from '../../bytes/hex.js';
import type { ByteSource } from '../../bytes/source.js';
import type { FormatContext } from '../format.js';
import { inspectSigner, type SignerInspection } from '../inspect-signer.js';
import { readHeap, readPackage } from './package.js';
import { verifySignatures } from './verify-signatures.js';
import type { TocFile } from './table-of-contents.js';

/** JSON as it stands. */
export interface PackageInspection {
  readonly format: 'pkg';
  /** None: a package is no code. */
  readonly slices: readonly [];
  /** Bytes. */
  readonly size: number;
  /** Of the table of contents, hexadecimal: what Apple knows the package by. Null when it has none that protects. */
  readonly checksum: { readonly algorithm: string; readonly value: string } | null;
  /** Null when it is not signed. */
  readonly signature: PackageSignatureInspection | null;
  /** Bytes of the stapled ticket; null when there is none. */
  readonly ticketSize: number | null;
  readonly files: readonly {
    readonly path: string;
    readonly type: string;
    /** Bytes once unpacked; null for folders. */
    readonly size: number | null;
  }[];
}

export interface PackageSignatureInspection extends SignerInspection {
  /** `RSA` and `CMS`, with the bytes kept for each. */
  readonly parts: readonly { readonly style: string; readonly size: number }[];
}

/** Tells what package and signature say; whether it is true is for `verifyPackage`. */
export async function inspectPackage(source: ByteSource, context: FormatContext): Promise<PackageInspection> {
  const pkg = await readPackage(source);
  const { checksum, signatures, files } = pkg.toc;
  const signer =
    signatures.length > 0
      ? await verifySignatures(pkg, { ...context, where: { path: context.path } })
      : undefined;
  return {
    format: 'pkg',
    slices: [],
    size: source.size,
    checksum: checksum?.algorithm
      ? { algorithm: checksum.algorithm, value: toHex(await readHeap(pkg, checksum)) }
      : null,
    signature: signer
      ? {
          parts: signatures.map(({ style, length }) => ({ style, size: length })),
          ...inspectSigner(signer.cms),
        }
      : null,
    ticketSize: pkg.trailers?.ticketSize ?? null,
    files: files.map(inspectFile),
  };
}

function inspectFile({ path, type, size }: TocFile): PackageInspection['files'][number] {
  return { path, type, size: size ?? null };
}
