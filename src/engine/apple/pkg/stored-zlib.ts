import { concat } from '../../bytes/concat.js';

/** The longest block that is stored as it is (RFC 1951 3.2.4). */
const MAX_BLOCK = 0xffff;
const ADLER_MODULUS = 65521;

/**
 * zlib (RFC 1950) without compression. What a compressor makes of the same text differs between versions of Node and
 * processors; a signature has to be the same everywhere, and a table of contents is small.
 */
export function storeZlib(data: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < data.length; at += MAX_BLOCK) {
    const block = data.subarray(at, at + MAX_BLOCK);
    const isLast = at + MAX_BLOCK >= data.length;
    blocks.push(blockHeader(block.length, isLast), block);
  }
  const checksum = new Uint8Array(4);
  new DataView(checksum.buffer).setUint32(0, adler32(data));
  return concat(Uint8Array.of(0x78, 0x01), ...blocks, checksum);
}

function blockHeader(length: number, isLast: boolean): Uint8Array {
  const header = new Uint8Array(5);
  const view = new DataView(header.buffer);
  view.setUint8(0, isLast ? 1 : 0);
  view.setUint16(1, length, true);
  view.setUint16(3, ~length & 0xffff, true);
  return header;
}

function adler32(data: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of data) {
    low = (low + byte) % ADLER_MODULUS;
    high = (high + low) % ADLER_MODULUS;
  }
  return high * 0x10000 + low;
}
