import { checkBounds, layout, OutOfBounds, u32 } from '../../bytes/layout.js';

/** What every blob begins with: its magic and its whole length, these eight bytes included. */
export const blobHeader = layout('blob', { magic: u32, length: u32 });

export function encodeBlob(magic: number, payload: Uint8Array): Uint8Array {
  const blob = new Uint8Array(blobHeader.size + payload.length);
  blobHeader.write(blob, { magic, length: blob.length });
  blob.set(payload, blobHeader.size);
  return blob;
}

/** The blob that begins at `at`, as long as it says. @throws OutOfBounds */
export function blobAt(data: Uint8Array, at: number): { magic: number; blob: Uint8Array } {
  const { magic, length } = blobHeader.read(data, at);
  if (length < blobHeader.size) throw new OutOfBounds(`a blob at offset ${at} has a length of ${length}`);
  checkBounds('a blob', at, length, data.length);
  return { magic, blob: data.subarray(at, at + length) };
}

export function payloadOf(blob: Uint8Array): Uint8Array {
  return blob.subarray(blobHeader.size);
}
