import { boolean, integer, octetString, oid, sequence } from './der.js';
import { digest, type HashAlgorithm } from './digest.js';
import { encodeHashAlgorithm } from './signature-algorithm.js';

/** What a timestamp is asked for. */
export interface TimestampQuery {
  /** The bytes to be timestamped: of a signature, its value. */
  readonly message: Uint8Array;
  readonly hash: HashAlgorithm;
  /** Big-endian; makes an answer prepared or recorded earlier recognizable. */
  readonly nonce: Uint8Array;
  /** Object identifier of the policy that the server shall follow; its own choice when undefined. */
  readonly policy?: string | undefined;
}

/** TimeStampReq, RFC 3161 2.4.1; the server is asked for its certificates, without which nobody could verify. */
export function encodeTimestampRequest({ message, hash, nonce, policy }: TimestampQuery): Uint8Array {
  return sequence(
    integer(1),
    sequence(encodeHashAlgorithm(hash), octetString(digest(hash, message))),
    ...(policy === undefined ? [] : [oid(policy)]),
    integer(nonce),
    boolean(true),
  );
}
