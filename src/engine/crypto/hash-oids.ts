import type { HashAlgorithm } from './digest.js';
import { OID } from './oids.js';

const HASH_OID: Readonly<Record<HashAlgorithm, string>> = {
  sha1: OID.sha1,
  sha256: OID.sha256,
  sha384: OID.sha384,
  sha512: OID.sha512,
};

export function hashOid(hash: HashAlgorithm): string {
  return HASH_OID[hash];
}

/** Undefined for every other hash, broken and exotic ones alike: nothing may rest on them. */
export function hashByOid(oid: string): HashAlgorithm | undefined {
  return (Object.keys(HASH_OID) as HashAlgorithm[]).find((hash) => HASH_OID[hash] === oid);
}
