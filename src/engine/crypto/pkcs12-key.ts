import { hash } from 'node:crypto';
import { roundUp } from '../bytes/align.js';
import { concat } from '../bytes/concat.js';
import { malformed } from './ber.js';

export type Pkcs12Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** What a derived key is for: the "ID byte" of RFC 7292 appendix B.3. */
export const PURPOSE = { encryption: 1, initializationVector: 2, mac: 3 } as const;

export interface Derivation {
  readonly digest: Pkcs12Digest;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** An attacker's count must not hang us; the slowest real writers stay under a million. */
const MAX_ITERATIONS = 10_000_000;

/**
 * A key of `length` octets from a password, as PKCS#12 derives it (RFC 7292 appendix B.2).
 * An empty password and an absent one give different keys, and both are in use.
 */
export function pkcs12Key(
  password: string | undefined,
  purpose: (typeof PURPOSE)[keyof typeof PURPOSE],
  { digest, salt, iterations }: Derivation,
  length: number,
): Uint8Array {
  checkIterations(iterations);
  const blockSize = digest === 'sha384' || digest === 'sha512' ? 128 : 64;
  const diversifier = new Uint8Array(blockSize).fill(purpose);
  let input = concat(repeated(salt, blockSize), repeated(bmpPassword(password), blockSize));
  let key = new Uint8Array(0);
  while (true) {
    let block: Uint8Array = hash(digest, concat(diversifier, input), 'buffer');
    for (let i = 1; i < iterations; i++) block = hash(digest, block, 'buffer');
    key = Uint8Array.from(concat(key, block));
    if (key.length >= length) return key.subarray(0, length);
    input = nextInput(input, repeated(block, blockSize).subarray(0, blockSize));
  }
}

/** @throws SigningError `MALFORMED` */
export function checkIterations(iterations: number): void {
  if (iterations < 1 || iterations > MAX_ITERATIONS) throw malformed(`${iterations} iterations`);
}

/** UTF-16 with two closing zeros (RFC 7292 appendix B.1). */
function bmpPassword(password: string | undefined): Uint8Array {
  if (password === undefined) return new Uint8Array(0);
  return new Uint8Array(Buffer.from(`${password}\0`, 'utf16le').swap16());
}

/** As many copies as fill whole blocks, the last one cut; nothing stays nothing. */
function repeated(octets: Uint8Array, blockSize: number): Uint8Array {
  const size = roundUp(octets.length, blockSize);
  return Uint8Array.from({ length: size }, (_, i) => octets[i % octets.length]!);
}

/** Every block of `input` grows by `addend` and one, as big-endian numbers without carry beyond the block (step 6C). */
function nextInput(input: Uint8Array, addend: Uint8Array): Uint8Array {
  const next = Uint8Array.from(input);
  for (let block = 0; block < next.length; block += addend.length) {
    let carry = 1;
    for (let i = addend.length - 1; i >= 0; i--) {
      carry += next[block + i]! + addend[i]!;
      next[block + i] = carry & 0xff;
      carry >>= 8;
    }
  }
  return next;
}
