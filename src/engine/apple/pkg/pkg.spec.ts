import { applied, keyRequest, testContext } from '../../../../test/fixtures/dmg-pkg-request.js';
import { makePackage, PACKAGE_FILES, stapledPackage } from '../../../../test/fixtures/pkg.js';
import { testPki } from '../../../../test/pki/test-pki.js';
import { sourceOf } from '../../bytes/source.js';
import { PROBE_SIZE } from '../format.js';
import { readPackage } from './package.js';
import { pkg } from './pkg.js';

async function signed(data = makePackage()): Promise<Uint8Array> {
  const { patches } = await pkg.sign(sourceOf(data), keyRequest(testPki.developerIdInstaller()));
  return applied(data, patches);
}

describe('what counts as an installer package', () => {
  it.each([
    ['one by its first bytes', makePackage(), 'Product', true],
    ['one by its name alone', new Uint8Array(600), 'Product.PKG', true],
    ['nothing else', new Uint8Array(600), 'Product.bin', false],
    ['an empty file', new Uint8Array(), 'Product', false],
  ])('%s', (_, data, fileName, expected) => {
    const probe = { head: data.subarray(0, PROBE_SIZE), tail: data.subarray(-PROBE_SIZE), fileName };
    expect(pkg.recognizes(probe)).toBe(expected);
  });

  it('says why another file cannot be signed', async () => {
    await expect(signed(new Uint8Array(600))).rejects.toMatchObject({
      code: 'NOT_SIGNABLE',
      hint: expect.stringContaining('pkgbuild') as string,
    });
  });
});

describe('when the signatures are removed', () => {
  it('leaves the package as it was, and nothing stapled', async () => {
    const data = stapledPackage(await signed(), Uint8Array.of(1));
    const removed = await applied(data, await pkg.removeSignature(sourceOf(data)));
    const [before, after] = [
      await readPackage(sourceOf(makePackage())),
      await readPackage(sourceOf(removed)),
    ];
    expect(after.toc.text.replace(/\s+/g, '')).toBe(before.toc.text.replace(/\s+/g, ''));
    expect(removed.length - after.heapStart).toBe(before.source.size - before.heapStart);
    expect(Buffer.from(await signed(removed)).equals(await signed())).toBe(true);
  });

  it('says when there are none', async () => {
    await expect(pkg.removeSignature(sourceOf(makePackage()))).rejects.toMatchObject({ code: 'NOT_SIGNED' });
  });
});

describe('when a package is inspected', () => {
  it('tells what is in it, signed or not', async () => {
    const inspection = await pkg.inspect(sourceOf(makePackage()), testContext());
    expect(inspection).toMatchObject({ format: 'pkg', signature: null, ticketSize: null });
    expect(inspection.files.filter(({ type }) => type === 'file')).toEqual(
      PACKAGE_FILES.map(({ path, content }) => ({ path, type: 'file', size: content.length })),
    );
  });

  it('tells what the signatures say', async () => {
    const inspection = await pkg.inspect(sourceOf(await signed()), testContext());
    expect(inspection.checksum).toMatchObject({ algorithm: 'sha256' });
    expect(inspection.signature).toMatchObject({
      parts: [{ style: 'RSA', size: 256 }, { style: 'CMS' }],
      signingTime: '2026-11-22T12:00:00.000Z',
      timestamp: null,
    });
    expect(inspection.signature?.certificates.map(({ kind }) => kind)).toEqual([
      'Developer ID Installer',
      null,
      null,
    ]);
    expect(JSON.parse(JSON.stringify(inspection))).toEqual(inspection);
  });
});
