import { readSignature } from '../../src/engine/apple/signature/read-signature.js';
import { readMachOFile } from '../../src/engine/apple/macho/read-file.js';
import { readBytes } from '../../src/engine/bytes/source.js';
import { withSource } from '../../src/engine/system/files.js';

const SHOWN = 16;

/** Where and how two files begin to differ, in words for a log far away; undefined when they are equal. */
export function differenceBetween(ours: Uint8Array, theirs: Uint8Array): string | undefined {
  if (Buffer.compare(ours, theirs) === 0) return undefined;
  const length = Math.min(ours.length, theirs.length);
  let at = 0;
  while (at < length && ours[at] === theirs[at]) at++;
  const shown = (data: Uint8Array) => Buffer.from(data.subarray(at, at + SHOWN)).toString('hex');
  const sizes = ours.length === theirs.length ? '' : `, ${ours.length} bytes and ${theirs.length}`;
  return `at 0x${at.toString(16)} ours have ${shown(ours)} and Apple's ${shown(theirs)}${sizes}`;
}

/**
 * A Mach-O file with zeros behind each signature, where codesign leaves what an earlier and longer one wrote: no hash
 * covers these bytes, and we never write any but zeros.
 */
export function withoutStaleBytes(path: string): Promise<Uint8Array> {
  return withSource(path, async (source) => {
    const data = Uint8Array.from(await readBytes(source, 0, source.size));
    const { machos, slices } = await readMachOFile(source);
    for (const [i, macho] of machos.entries()) {
      const { codeSignature } = macho;
      const signature = await readSignature(macho);
      if (!codeSignature || !signature) continue;
      const start = (slices?.[i]?.offset ?? 0) + codeSignature.offset;
      data.fill(0, start + signature.superBlob.length, start + codeSignature.size);
    }
    return data;
  });
}
