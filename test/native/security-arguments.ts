import { resolve } from 'node:path';

// The `security` tool (SecurityTool/macOS in apple-oss-distributions/Security), as far as a temporary keychain needs it.

export const createKeychain = (keychain: string, password: string): string[] => [
  'create-keychain',
  '-p',
  password,
  keychain,
];

/** Without `-t` and `-l` it never locks itself again. */
export const neverLock = (keychain: string): string[] => ['set-keychain-settings', keychain];

export const unlockKeychain = (keychain: string, password: string): string[] => [
  'unlock-keychain',
  '-p',
  password,
  keychain,
];

/** The file comes first: the option parser begins behind it. codesign may use the key, and nobody else. */
export const importIdentity = (p12: string, p12Password: string, keychain: string): string[] => [
  'import',
  p12,
  ...['-k', keychain, '-f', 'pkcs12', '-P', p12Password, '-T', '/usr/bin/codesign'],
];

/** Without this, macOS opens a window when codesign reaches for the key. `-s`: the keys that can sign, and no public ones. */
export const letAppleToolsSign = (keychain: string, password: string): string[] => [
  'set-key-partition-list',
  ...['-S', 'apple-tool:,apple:', '-s', '-k', password, keychain],
];

export const listKeychains = (): string[] => ['list-keychains', '-d', 'user'];

export const setKeychains = (keychains: readonly string[]): string[] => [
  'list-keychains',
  ...['-d', 'user', '-s', ...keychains],
];

export const deleteKeychain = (keychain: string): string[] => ['delete-keychain', keychain];

/** Not `-v`, which hides certificates that nobody trusts: codesign signs with them. */
export const findIdentities = (keychain: string): string[] => [
  'find-identity',
  '-p',
  'codesigning',
  keychain,
];

/** The paths that `list-keychains` prints, one a line, in quotes. */
export function parseKeychains(output: string): string[] {
  return Array.from(output.matchAll(/^\s*"(.*)"$/gm), ([, path]) => resolve(path!));
}

/** The SHA-1 of each identity that `find-identity` lists, lower-case hexadecimal, trusted or not. */
export function parseIdentities(output: string): string[] {
  const hashes = Array.from(output.matchAll(/^ *\d+\) ([0-9A-F]{40}) "/gm), ([, sha1]) =>
    sha1!.toLowerCase(),
  );
  return [...new Set(hashes)];
}
