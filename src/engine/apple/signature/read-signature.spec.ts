import { encodeBlob } from './blob.js';
import { encodeCodeDirectory } from './code-directory.js';
import { HASH_TYPES } from './hash-type.js';
import { MAGIC, SLOT } from './magic.js';
import { decodeSignature } from './read-signature.js';
import { encodeSuperBlob, type SlotBlob } from './super-blob.js';

const directory = encodeCodeDirectory({
  flags: 0,
  identifier: 'com.example.tool',
  teamId: undefined,
  hashType: HASH_TYPES.sha256,
  pageSize: 4096,
  codeLimit: 0,
  platform: 0,
  execSegment: undefined,
  runtimeVersion: 0,
  specialSlots: new Map(),
  codeSlots: new Uint8Array(),
});
const cms = Uint8Array.of(0x30, 0);

/** Another magic in front of the same content. */
function disguised(blob: Uint8Array): Uint8Array {
  return encodeBlob(MAGIC.requirement, blob.subarray(8));
}

function signatureOf(...slots: SlotBlob[]): Uint8Array {
  return encodeSuperBlob(slots);
}

describe('a signature', () => {
  const primary = { slot: SLOT.codeDirectory, blob: directory };
  const signer = { slot: SLOT.signature, blob: encodeBlob(MAGIC.blobWrapper, cms) };

  it('is read by its slots', () => {
    const { directories, cms: stored } = decodeSignature(signatureOf(primary, signer));
    expect(directories.map((each) => each.directory.identifier)).toEqual(['com.example.tool']);
    expect(stored).toEqual(cms);
  });

  // Nothing hashes the heads of these two: only their magics tell that they are what their slots say.
  it.each([
    ['CodeDirectory', [{ ...primary, blob: disguised(primary.blob) }, signer]],
    ['signature of its signer', [primary, { ...signer, blob: disguised(signer.blob) }]],
  ])('is malformed when another blob stands for the %s', (what, slots) => {
    expect(() => decodeSignature(signatureOf(...slots))).toThrow(
      expect.objectContaining({
        code: 'MALFORMED',
        message: expect.stringContaining(what) as string,
      }) as Error,
    );
  });
});
