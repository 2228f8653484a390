import { fileURLToPath } from 'node:url';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readFirst } from '../crypto/ber.js';
import { isSelfIssued, parseCertificate, type Certificate } from '../crypto/certificate.js';
import { fileError } from '../system/error.js';
import { readSmallFile } from '../system/files.js';

/** What Apple issues to developers, by the names of its developer site. */
export type AppleCertificateKind =
  | 'Developer ID Application'
  | 'Developer ID Installer'
  | 'Apple Development'
  | 'Apple Distribution'
  | 'Mac Development'
  | 'Mac App Distribution'
  | 'Mac Installer Distribution'
  | 'iOS Development'
  | 'iOS Distribution';

const MARK = '1.2.840.113635.100.6.1.';

/**
 * The extensions by which Apple marks its kinds (Worldwide Developer Relations and Developer ID practice statements, 4.11).
 * A certificate for several platforms has the marks of each, so these come first.
 */
const KINDS: readonly (readonly [AppleCertificateKind, readonly string[]])[] = [
  ['Developer ID Application', [`${MARK}13`]],
  ['Developer ID Installer', [`${MARK}14`]],
  ['Apple Development', [`${MARK}2`, `${MARK}12`]],
  ['Apple Distribution', [`${MARK}4`, `${MARK}7`]],
  ['Mac Development', [`${MARK}12`]],
  ['Mac App Distribution', [`${MARK}7`]],
  ['Mac Installer Distribution', [`${MARK}8`]],
  ['iOS Development', [`${MARK}2`]],
  ['iOS Distribution', [`${MARK}4`]],
];

/** Which of Apple's kinds a certificate claims to be; whether Apple issued it is for the chain to prove. */
export function appleKindOf(certificate: Certificate): AppleCertificateKind | undefined {
  return KINDS.find(([, marks]) => marks.every((mark) => certificate.extension(mark) !== undefined))?.[0];
}

/** Apple's roots and the intermediates that issue to developers, as shipped with this package; read once. */
export function appleAuthorities(): Promise<readonly Certificate[]> {
  return (authorities ??= readAuthorities());
}

let authorities: Promise<readonly Certificate[]> | undefined;

async function readAuthorities(): Promise<readonly Certificate[]> {
  const folder = fileURLToPath(new URL('../../../certs/apple/', import.meta.url));
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  const paths = names.filter((name) => name.endsWith('.cer')).map((name) => join(folder, name));
  return Promise.all(paths.map(readAuthority));
}

/** One of these files, that of the timestamp authority, goes on behind its certificate. */
async function readAuthority(path: string): Promise<Certificate> {
  return parseCertificate(readFirst(await readSmallFile(path)).raw);
}

/** Apple's own roots: a chain that ends in one of them is Apple's word. */
export async function appleRoots(): Promise<readonly Certificate[]> {
  return (await appleAuthorities()).filter(isSelfIssued);
}
