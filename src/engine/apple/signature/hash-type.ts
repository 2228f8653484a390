import { digest, type HashAlgorithm } from '../../crypto/digest.js';

/** The hashes a CodeDirectory can be made of (XNU cs_blobs.h, CS_HASHTYPE_*), weakest first. */
export const HASH_TYPES = {
  sha1: { id: 1, size: 20, algorithm: 'sha1', name: 'sha1' },
  sha256: { id: 2, size: 32, algorithm: 'sha256', name: 'sha256' },
  'sha256-truncated': { id: 3, size: 20, algorithm: 'sha256', name: 'sha256-truncated' },
  sha384: { id: 4, size: 48, algorithm: 'sha384', name: 'sha384' },
} as const satisfies Record<string, HashTypeOf>;

interface HashTypeOf {
  readonly id: number;
  /** Bytes of a slot. */
  readonly size: number;
  readonly algorithm: HashAlgorithm;
  readonly name: string;
}

export type HashTypeName = keyof typeof HASH_TYPES;
export type HashType = (typeof HASH_TYPES)[HashTypeName];

export function hashTypeOf(id: number): HashType | undefined {
  return Object.values(HASH_TYPES).find((type) => type.id === id);
}

/** The slot hash of `data`. */
export function slotHash(type: HashType, data: Uint8Array): Uint8Array {
  return digest(type.algorithm, data).subarray(0, type.size);
}

/** A cdhash is a CodeDirectory's own hash, cut to these many bytes whatever its type. */
export const CDHASH_SIZE = 20;
