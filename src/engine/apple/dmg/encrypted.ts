import { readBytes, type ByteSource } from '../../bytes/source.js';

// Encrypted images have no koly that could be read from outside. Their signature lies in an authentication table that
// Apple's own DiskImages framework writes (encdiskimagerep.cpp).

/** Version 2 begins with its mark. */
const BEGIN = 'encrcdsa';
/** Version 1 ended with its own. */
const END = 'cdsaencr';

export async function isEncrypted(source: ByteSource): Promise<boolean> {
  if (source.size < BEGIN.length) return false;
  return looksEncrypted(
    await readBytes(source, 0, BEGIN.length),
    await readBytes(source, source.size - END.length, END.length),
  );
}

/** @param head the first bytes of the file; @param tail its last ones */
export function looksEncrypted(head: Uint8Array, tail: Uint8Array): boolean {
  return textOf(head.subarray(0, BEGIN.length)) === BEGIN || textOf(tail.subarray(-END.length)) === END;
}

function textOf(data: Uint8Array): string {
  return String.fromCharCode(...data);
}
