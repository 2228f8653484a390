import { basename } from 'node:path';
import { readBytes, type ByteSource } from '../bytes/source.js';
import { withSource } from '../system/files.js';
import { dmg } from './dmg/dmg.js';
import { PROBE_SIZE, type Format } from './format.js';
import type { ImageInspection } from './dmg/inspect-image.js';
import type { PackageInspection } from './pkg/inspect-package.js';
import { pkg } from './pkg/pkg.js';

export type WholeFormat = Format<ImageInspection | PackageInspection>;

/** The only list of what is signed as one whole; everything else is code. */
const FORMATS: readonly WholeFormat[] = [dmg, pkg];

/** The format of a file that is signed as one whole; undefined for code, and for anything unknown. */
export async function wholeFormatOf(path: string): Promise<WholeFormat | undefined> {
  return withSource(path, async (source) => {
    const probe = {
      head: await edge(source, 'head'),
      tail: await edge(source, 'tail'),
      fileName: basename(path),
    };
    return FORMATS.find((format) => format.recognizes(probe));
  });
}

function edge(source: ByteSource, which: 'head' | 'tail'): Promise<Uint8Array> {
  const length = Math.min(PROBE_SIZE, source.size);
  return readBytes(source, which === 'head' ? 0 : source.size - length, length);
}
