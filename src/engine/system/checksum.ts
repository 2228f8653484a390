import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileError, SigningError } from './error.js';
import { readSmallFile, writeSmallFile } from './files.js';

/** `sha256sum`: hash, two spaces, file name, which `sha256sum -c` and `shasum -c` read. `bare`: only the hash. */
export type ChecksumFormat = 'sha256sum' | 'bare';

/** SHA-256 of a file, in lowercase hexadecimal; the file is never in memory whole. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw fileError(error, path);
  }
  return hash.digest('hex');
}

/** Writes `<path>.sha256` beside a file and returns its path. @throws SigningError `INVALID_OPTION` for names that no checker can read back */
export async function writeChecksum(path: string, hex: string, format: ChecksumFormat): Promise<string> {
  const sidecar = `${path}.sha256`;
  const name = basename(path);
  if (/[\\\r\n]/.test(name))
    throw new SigningError('INVALID_OPTION', `${JSON.stringify(name)} cannot stand in a checksum file`, {
      hint: 'use a name without backslashes and line breaks',
    });
  await writeSmallFile(sidecar, format === 'bare' ? hex : `${hex}  ${name}\n`);
  return sidecar;
}

/** The hash that a checksum file of either format holds for `name`. @throws SigningError `MALFORMED`, `NOT_FOUND` */
export async function readChecksum(sidecar: string, name: string): Promise<string> {
  const lines = new TextDecoder().decode(await readSmallFile(sidecar)).split(/\r?\n/);
  for (const line of lines) {
    const match = /^([0-9a-f]{64})(?: [ *](.+))?$/i.exec(line.trimEnd());
    if (match && (match[2] === undefined || match[2] === name)) return match[1]!.toLowerCase();
  }
  throw new SigningError('MALFORMED', `${sidecar} has no SHA-256 of ${name}`);
}
