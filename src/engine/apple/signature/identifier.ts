import { toHex } from '../../bytes/hex.js';
import { digest } from '../../crypto/digest.js';
import { concat } from '../../bytes/concat.js';
import { machHeader } from '../macho/layout.js';
import { headerSize, type MachO } from '../macho/read.js';

/**
 * The identifier that codesign makes of a path (diskrep.cpp, canonicalIdentifier): the file name without its extension,
 * unless that begins with a digit, and without version numbers after the first (`libfoo.7.3.dylib` gives `libfoo.7`).
 */
export function identifierFromPath(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const stem = withoutExtension(name);
  if (/^[0-9.]/.test(stem)) return stem;
  // Everything from the first digit-and-dot run on counts as a version: only its first number stays.
  const start = stem.length - (/[0-9.]*$/.exec(stem)?.[0].length ?? 0);
  const [version = ''] = /^\.?[0-9]*/.exec(stem.slice(start)) ?? [];
  return stem.slice(0, start) + version;
}

function withoutExtension(name: string): string {
  const dot = name.lastIndexOf('.');
  const isExtension = dot >= 0 && dot + 1 < name.length && !/[0-9]/.test(name[dot + 1]!);
  return isExtension ? name.slice(0, dot) : name;
}

/**
 * What makes an ad-hoc identifier without dots unique (machorep.cpp, identificationFor): the UUID of the native slice
 * behind the letters "UUID"; without one, SHA-1 of the 28 bytes of mach_header, also in 64-bit files, and the commands.
 */
export function identificationSuffix(native: MachO): string {
  if (native.uuid) return toHex(concat(new TextEncoder().encode('UUID'), native.uuid));
  const head = native.header.subarray(0, machHeader.size);
  const commands = native.header.subarray(headerSize(native.is64));
  return toHex(digest('sha1', concat(head, commands)));
}
