import type { SigningKey } from '../../crypto/signing-key.js';
import { CHECKSUM_SIZES, type ChecksumAlgorithm } from './header.js';
import type { HeapRange } from './table-of-contents.js';

/** What comes first in the heap: the checksum and, when the package is to be signed, room for its signatures. */
export interface HeapPlan {
  readonly algorithm: ChecksumAlgorithm;
  readonly checksum: HeapRange;
  readonly signatures: readonly PlannedSignature[];
  /** Where the files start. */
  readonly end: number;
}

export interface PlannedSignature extends HeapRange {
  readonly style: 'RSA' | 'CMS';
  /** DER, the signer's first. */
  readonly certificates: readonly Uint8Array[];
}

/** One after the other, as Apple's tools lay them out. */
export function planHeap(algorithm: ChecksumAlgorithm, sizes: readonly SignatureSize[]): HeapPlan {
  const checksum = { offset: 0, length: CHECKSUM_SIZES[algorithm] };
  let end = checksum.length;
  const signatures = sizes.map((size) => {
    const planned = { ...size, offset: end };
    end += size.length;
    return planned;
  });
  return { algorithm, checksum, signatures, end };
}

export type SignatureSize = Omit<PlannedSignature, 'offset'>;

/** An elliptic key cannot make the older kind of signature; macOS goes by the CMS wherever there is one. */
export function signatureSizes(key: SigningKey, cmsSize: number): SignatureSize[] {
  const certificates = [key.certificate, ...key.chain].map(({ der }) => der);
  const cms = { style: 'CMS', length: cmsSize, certificates } as const;
  const bits =
    key.algorithm === 'rsa' ? key.certificate.publicKey.asymmetricKeyDetails?.modulusLength : undefined;
  if (bits === undefined) return [cms];
  return [{ style: 'RSA', length: Math.ceil(bits / 8), certificates }, cms];
}
