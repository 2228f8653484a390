import type { KeyObject } from 'node:crypto';

/**
 * Whether two public keys are one. Comparing keys of different kinds with `equals` alone would leave an error behind in
 * Node's OpenSSL, which the next, innocent `createPrivateKey` then throws.
 */
export function isSameKey(a: KeyObject, b: KeyObject): boolean {
  return a.asymmetricKeyType === b.asymmetricKeyType && a.equals(b);
}
