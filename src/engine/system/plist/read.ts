import { SigningError } from '../error.js';
import { readBinaryPlist } from './read-binary.js';
import { readXmlPlist } from './read-xml.js';
import type { PlistValue } from './value.js';

export interface ReadOptions {
  /**
   * CoreFoundation lets the last of several equal keys win (CFPropertyList.c). Other parsers choose another:
   * where two of them judge the same file, it has to be refused.
   */
  readonly duplicateKeys?: 'last-wins' | 'refuse' | undefined;
}

/**
 * Reads an XML (UTF-8 or UTF-16) or binary (bplist00) property list.
 * @throws SigningError `INVALID_PLIST` that names the line or the offset
 */
export function readPlist(data: Uint8Array, options: ReadOptions = {}): PlistValue {
  const refuseDuplicates = options.duplicateKeys === 'refuse';
  if (isBinaryPlist(data)) return readBinaryPlist(data, refuseDuplicates);
  return readXmlPlist(decodeText(data), refuseDuplicates);
}

export function isBinaryPlist(data: Uint8Array): boolean {
  return startsWith(data, 0x62, 0x70, 0x6c, 0x69, 0x73, 0x74, 0x30); // bplist0
}

function decodeText(data: Uint8Array): string {
  const encoding = encodingOf(data);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(data);
  } catch {
    throw new SigningError('INVALID_PLIST', `the property list is not valid ${encoding}`, {
      hint: 'save the file as UTF-8',
    });
  }
}

/** By its byte order mark or, without one, by how `<` stands there (XML 1.0, appendix F). */
function encodingOf(data: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (startsWith(data, 0xff, 0xfe) || startsWith(data, 0x3c, 0)) return 'utf-16le';
  if (startsWith(data, 0xfe, 0xff) || startsWith(data, 0, 0x3c)) return 'utf-16be';
  return 'utf-8';
}

function startsWith(data: Uint8Array, ...head: readonly number[]): boolean {
  return head.every((byte, i) => data[i] === byte);
}
