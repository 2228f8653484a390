import { machOFile } from '../macho/macho-file.js';
import { universalFile } from '../macho/universal-file.js';
import type { Tree } from '../tree.js';
import { info, inside } from './parts.js';

// Files that begin like programs and are none, or are programs that macOS does not load.

/** Begins like a universal file. */
export const javaClass = Uint8Array.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61, 0, 29]);
export const script = '#!/bin/sh\necho hello\n';

const OBJECT = 1;
export const objectFile = machOFile({ fileType: OBJECT });

/** A universal file of static libraries, as lipo makes them. */
export function staticLibraries(): Uint8Array {
  const thin = [machOFile({ cpu: 'x86_64' }), machOFile()] as const;
  const file = universalFile(thin);
  const archive = new TextEncoder().encode('!<arch>\n');
  for (const at of [0x1000, 0x1000 + Math.ceil(thin[0].length / 0x1000) * 0x1000]) file.set(archive, at);
  return file;
}

const DSYM = 10;

/** The debugging companion of a program, which lies beside it. */
export function companion(name: string): Tree {
  return inside(`${name}.dSYM`, {
    'Contents/Info.plist': info('absent'),
    [`Contents/Resources/DWARF/${name}`]: machOFile({ fileType: DSYM }),
  });
}
