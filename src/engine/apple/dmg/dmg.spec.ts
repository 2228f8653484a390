import { makeImage } from '../../../../test/fixtures/dmg.js';
import { adhocRequest, applied, keyRequest, testContext } from '../../../../test/fixtures/dmg-pkg-request.js';
import { TEAM, testPki } from '../../../../test/pki/test-pki.js';
import { concat } from '../../bytes/concat.js';
import { sourceOf } from '../../bytes/source.js';
import { PROBE_SIZE } from '../format.js';
import { dmg } from './dmg.js';

const image = makeImage();

function probe(data: Uint8Array, fileName: string) {
  return { head: data.subarray(0, PROBE_SIZE), tail: data.subarray(-PROBE_SIZE), fileName };
}

describe('what counts as a disk image', () => {
  it.each([
    ['one by its trailer', image, 'Product', true],
    ['an encrypted one', new TextEncoder().encode(`encrcdsa${' '.repeat(600)}`), 'Product', true],
    ['an old encrypted one', new TextEncoder().encode(`${' '.repeat(600)}cdsaencr`), 'Product', true],
    ['one by its name alone', new Uint8Array(600), 'Product.DMG', true],
    ['nothing else', new Uint8Array(600), 'Product.bin', false],
    ['an empty file', new Uint8Array(), 'Product', false],
  ])('%s', (_, data, fileName, expected) => {
    expect(dmg.recognizes(probe(data, fileName))).toBe(expected);
  });
});

describe('when an image cannot be signed', () => {
  const refusal = (data: Uint8Array) => dmg.sign(sourceOf(data), adhocRequest());

  it('says that it is encrypted', async () => {
    const encrypted = concat(new TextEncoder().encode('encrcdsa'), image);
    await expect(refusal(encrypted)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('encrypted') as string,
    });
  });

  it('says how to convert one without a trailer', async () => {
    await expect(refusal(new Uint8Array(4096))).rejects.toMatchObject({
      code: 'NOT_SIGNABLE',
      hint: expect.stringContaining('hdiutil convert') as string,
    });
  });

  it('finds the property list beyond the data', async () => {
    const data = makeImage();
    new DataView(data.buffer).setBigUint64(data.length - 512 + 216, BigInt(data.length));
    await expect(refusal(data)).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});

describe('when the signature is removed', () => {
  it('leaves the image that was there before', async () => {
    const { patches } = await dmg.sign(sourceOf(image), keyRequest(testPki.developerIdApplication()));
    const signed = await applied(image, patches);
    const removed = await applied(signed, await dmg.removeSignature(sourceOf(signed)));
    expect(Buffer.from(removed).equals(image)).toBe(true);
  });

  it('says when there is none', async () => {
    await expect(dmg.removeSignature(sourceOf(image))).rejects.toMatchObject({ code: 'NOT_SIGNED' });
  });
});

describe('when an image is inspected', () => {
  it('tells that nobody signed it', async () => {
    expect(await dmg.inspect(sourceOf(image), testContext())).toEqual({
      format: 'dmg',
      slices: [{ arch: 'disk image', offset: 0, size: image.length, signature: null }],
      dataEnd: image.length - 512,
      sectorCount: 8,
      ticketSize: null,
    });
  });

  it('tells what the signature says', async () => {
    const { patches } = await dmg.sign(sourceOf(image), keyRequest(testPki.developerIdApplication()));
    const inspection = await dmg.inspect(sourceOf(await applied(image, patches)), testContext());
    const [slice] = inspection.slices;
    expect(slice?.signature).toMatchObject({
      codeDirectories: [{ identifier: 'com.example.product', teamId: TEAM, flagNames: [], codeSlots: 1 }],
      signingTime: '2026-11-22T12:00:00.000Z',
      timestamp: null,
    });
    expect(slice?.signature?.reservedSize).toBe(slice?.signature?.signatureSize);
    expect(JSON.parse(JSON.stringify(inspection))).toEqual(inspection);
  });
});
