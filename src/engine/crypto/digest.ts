import { hash } from 'node:crypto';

export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** The digest of bytes that are in memory. */
export function digest(algorithm: HashAlgorithm, data: Uint8Array): Uint8Array {
  return new Uint8Array(hash(algorithm, data, 'buffer'));
}
