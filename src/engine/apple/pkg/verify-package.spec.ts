import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { applied, keyRequest, testContext, withByte } from '../../../../test/fixtures/dmg-pkg-request.js';
import { makePackage, stapledPackage } from '../../../../test/fixtures/pkg.js';
import { grant } from '../../../../test/fakes/timestamp/timestamp-authority.js';
import { startTimestampServer } from '../../../../test/fakes/timestamp/server.js';
import { testPki } from '../../../../test/pki/test-pki.js';
import { concat } from '../../bytes/concat.js';
import { sourceOf } from '../../bytes/source.js';
import { childrenOf, readOnly } from '../../crypto/ber.js';
import { octetString, sequence } from '../../crypto/der.js';
import { digest } from '../../crypto/digest.js';
import { encodeHashAlgorithm } from '../../crypto/signature-algorithm.js';
import { requestTimestamp } from '../../crypto/timestamp.js';
import { systemClock } from '../../system/clock.js';
import { SigningError } from '../../system/error.js';
import { httpClient } from '../../system/http-client.js';
import { encodeHeader } from './header.js';
import { readHeap, readPackage } from './package.js';
import { pkg } from './pkg.js';
import { storeZlib } from './stored-zlib.js';

async function signed(data = makePackage(), request = keyRequest(testPki.developerIdInstaller())) {
  return applied(data, (await pkg.sign(sourceOf(data), request)).patches);
}

async function findingsIn(data: Uint8Array, context = testContext()): Promise<string[]> {
  const { findings } = await pkg.verify(sourceOf(data), context);
  return findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
}

/** The same package, its table of contents edited and checksummed anew, but not signed anew. */
async function withEditedToc(data: Uint8Array, edit: (text: string) => string): Promise<Uint8Array> {
  const opened = await readPackage(sourceOf(data));
  const text = new TextEncoder().encode(edit(opened.toc.text));
  const toc = new Uint8Array(deflateSync(text));
  const { algorithm, length } = opened.toc.checksum!;
  const heap = data.subarray(opened.heapStart + length);
  return concat(encodeHeader(toc.length, text.length, algorithm!), toc, digest(algorithm!, toc), heap);
}

describe('a package that was signed here', () => {
  it.each(['sha1', 'sha256', 'sha512', 'none'] as const)('verifies, %s', async (algorithm) => {
    expect(await findingsIn(await signed(makePackage(algorithm)))).toEqual([]);
  });

  it('tells who signed it, and when by a timestamp, which outlives the certificate', async () => {
    const server = await startTimestampServer();
    const timestamp = (message: Uint8Array) =>
      requestTimestamp({
        message,
        hash: 'sha256',
        servers: [server.url],
        http: httpClient(),
        clock: systemClock,
        random: (size) => new Uint8Array(size).fill(1),
      });
    const data = await signed(makePackage(), keyRequest(testPki.developerIdInstaller(), { timestamp }));
    await server.close();
    const later = testContext({ now: new Date('2060-01-01T00:00:00Z') });
    const { findings, cms } = await pkg.verify(sourceOf(data), later);
    expect(findings).toEqual([]);
    expect(cms?.timestamp?.time.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(cms?.certificates.map(({ subject }) => subject.commonName)).toEqual([
      testPki.developerIdInstaller().certificate.subject.commonName,
      'Test Developer ID Certification Authority',
      'Test Root CA',
    ]);
    expect((await findingsIn(await signed(), later)).join()).toContain('warning EXPIRED');
  });

  it('is not trusted beyond its own root', async () => {
    const context = testContext({ appleRoots: [testPki.strangerRoot().certificate] });
    expect(await findingsIn(await signed(), context)).toEqual([expect.stringMatching(/^warning UNTRUSTED/)]);
  });

  it('is not good for the Installer when a certificate for programs signed it', async () => {
    const data = await signed(makePackage(), keyRequest(testPki.developerIdApplication()));
    expect(await findingsIn(data)).toEqual([
      expect.stringMatching(/^error CERTIFICATE.*a Developer ID Application certificate/),
    ]);
  });

  it('verifies with a stapled ticket, which signing again drops', async () => {
    const data = await signed();
    const stapled = stapledPackage(data, Uint8Array.of(1, 2, 3));
    expect(await findingsIn(stapled)).toEqual([]);
    expect((await pkg.inspect(sourceOf(stapled), testContext())).ticketSize).toBe(3);
    const { warnings } = await pkg.sign(sourceOf(stapled), keyRequest(testPki.developerIdInstaller()));
    expect(warnings).toEqual([expect.stringContaining('stapled')]);
    expect(Buffer.from(await signed(stapled)).equals(data)).toBe(true);
  });
});

describe('a package that was signed elsewhere', () => {
  it('verifies when its RSA signature is over a hash of the checksum, as some tools make it', async () => {
    const data = await signed();
    const opened = await readPackage(sourceOf(data));
    const rsa = opened.toc.signatures[0]!;
    const checksum = await readHeap(opened, opened.toc.checksum!);
    const value = await testPki.developerIdInstaller().signingKey.sign(checksum, 'sha256');
    const changed = Uint8Array.from(data);
    changed.set(value, opened.heapStart + rsa.offset);
    expect(await findingsIn(changed)).toEqual([]);
  });
});

describe('a package that was changed', () => {
  it('never verifies, whichever byte it was', async () => {
    const data = await signed();
    const opened = await readPackage(sourceOf(data));
    const cms = opened.toc.signatures[1]!;
    // The certificates in a CMS and the room behind it are not part of what is signed.
    const cmsStart = opened.heapStart + cms.offset;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: data.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          fc.pre(at < cmsStart || at >= cmsStart + cms.length);
          expect((await findingsIn(withByte(data, at, (byte) => byte ^ flip))).join()).toContain('error');
        },
      ),
      { seed: 6, numRuns: 400 },
    );
  });

  it('says which file it was', async () => {
    const data = await signed();
    expect((await findingsIn(withByte(data, data.length - 1, (byte) => byte ^ 1))).join()).toMatch(
      /^error SEALED_RESOURCE.*"product.pkg\/PackageInfo" was modified$/,
    );
  });

  it('is caught when the table of contents has a new checksum', async () => {
    const data = await withEditedToc(await signed(), (text) => text.replace('0644', '0755'));
    const findings = await findingsIn(data);
    expect(findings).toHaveLength(2);
    expect(findings.join()).toMatch(
      /MODIFIED_CODE.*not what was signed.*MODIFIED_CODE.*not made by the signer/s,
    );
  });

  it('is caught when its timestamp is for something else', async () => {
    const { certificate: signer } = testPki.timestampSigner();
    const question = { imprint: imprintOf('something else'), policy: undefined, nonce: undefined };
    const response = await grant(question, testPki.timestampSigner().signingKey, testContext().now);
    const token = childrenOf(readOnly(response))[1]!.raw;
    const timestamp = async () => ({ token, time: new Date(), server: '', signer, certificates: [] });
    const data = await signed(makePackage(), keyRequest(testPki.developerIdInstaller(), { timestamp }));
    expect(await findingsIn(data)).toEqual([expect.stringMatching(/^error INVALID_TIMESTAMP/)]);
  });

  it('is caught by the checksum when there is no RSA signature', async () => {
    const data = await signed(makePackage(), keyRequest(testPki.ecDeveloperIdApplication()));
    const { header, toc, compressedToc } = await readPackage(sourceOf(data));
    const changed = Uint8Array.from(data);
    changed.set(storeZlib(new TextEncoder().encode(toc.text.replace('0644', '0755'))), header.size);
    expect(compressedToc).not.toEqual(changed.subarray(header.size, header.size + compressedToc.length));
    expect(await findingsIn(changed)).toContainEqual(
      expect.stringMatching(/^error MODIFIED_CODE.*: the table of contents$/),
    );
  });

  it('is caught when one signature is exchanged for somebody else’s', async () => {
    const theirs = await signed(makePackage(), keyRequest(testPki.ecDeveloperIdApplication()));
    const element = /<x-signature.*<\/x-signature>/s;
    const foreign = element.exec((await readPackage(sourceOf(theirs))).toc.text)![0];
    const certificate = /<X509Certificate>[^<]*/.exec(foreign)![0];
    const data = await withEditedToc(await signed(), (text) =>
      text.replace(/<X509Certificate>[^<]*/, certificate),
    );
    expect((await findingsIn(data)).join()).toContain('different signers');
  });

  it('is caught when a file lost its checksum, or has one that protects nothing', async () => {
    for (const put of ['<was-checksum style="sha256">', '<archived-checksum style="md5">'])
      expect(
        (
          await findingsIn(
            await withEditedToc(await signed(), (text) =>
              text
                .replace('<archived-checksum style="sha256">', put)
                .replace(
                  '</archived-checksum>',
                  put.startsWith('<was') ? '</was-checksum>' : '</archived-checksum>',
                ),
            ),
          )
        ).join(),
      ).toMatch(/SEALED_RESOURCE.*"Distribution" has (no checksum|a checksum that protects nothing)/);
  });

  it('tells of bytes behind the end', async () => {
    expect(await findingsIn(concat(await signed(), new Uint8Array(9)))).toEqual([
      expect.stringMatching(/^warning MALFORMED.*9 bytes/),
    ]);
  });

  it('says when it is not signed at all, or by nothing known', async () => {
    expect((await findingsIn(makePackage())).join()).toContain('error NOT_SIGNED');
    const unknown = await withEditedToc(await signed(), (text) =>
      text.replace('style="RSA"', 'style="x"').replace('style="CMS"', 'style="y"'),
    );
    expect((await findingsIn(unknown)).join()).toContain('error NOT_SIGNED');
  });
});

describe('a package that asks for trouble', () => {
  const edits: readonly (readonly [what: string, edit: (text: string) => string])[] = [
    [
      'places a file beyond the end',
      (text) =>
        text.replace(/(<data><length>\d+<\/length><offset>)\d+/, (_, begin: string) => `${begin}99999999`),
    ],
    [
      'lets two files overlap',
      (text) =>
        text.replace(
          /(<length>)(\d+)(<\/length>)/,
          (_, a, n, b) => `${String(a)}${Number(n) + 1}${String(b)}`,
        ),
    ],
    [
      'lets a file contain the signatures',
      (text) => text.replace(/(<data><length>\d+<\/length>)<offset>\d+/, '$1<offset>30'),
    ],
    ['has two checksums', (text) => text.replace('<checksum', '<checksum style="sha1"/><checksum')],
    ['says a length twice', (text) => text.replace('<length>', '<length>1</length><length>')],
    [
      'contradicts its header',
      (text) => text.replace('<checksum style="sha256"', '<checksum style="sha512"'),
    ],
    ['has a document type', (text) => text.replace('<xar>', '<!DOCTYPE xar><xar>')],
    ['has no table', (text) => text.replaceAll('toc>', 'tac>')],
  ];

  it.each(edits)('%s', async (_, edit) => {
    const data = await withEditedToc(await signed(), edit);
    await expect(pkg.sign(sourceOf(data), keyRequest(testPki.developerIdInstaller()))).rejects.toMatchObject({
      code: 'MALFORMED',
    });
    expect((await findingsIn(data)).join()).toContain('error MALFORMED');
  });

  it('unpacks to more than its header says, or its header says too much', async () => {
    const { header } = await readPackage(sourceOf(makePackage()));
    for (const size of [10, header.uncompressedSize + 1, 2 ** 40]) {
      const data = makePackage();
      new DataView(data.buffer).setBigUint64(16, BigInt(size));
      await expect(pkg.inspect(sourceOf(data), testContext())).rejects.toMatchObject({ code: 'MALFORMED' });
    }
  });

  it('is not UTF-8, whatever it claims', async () => {
    const data = makePackage();
    const { header, heapStart, toc } = await readPackage(sourceOf(data));
    const text = new TextEncoder().encode(toc.text);
    text[toc.text.indexOf('2026-11-22')] = 0xff;
    const packed = storeZlib(text);
    const begin = encodeHeader(packed.length, header.uncompressedSize, 'sha256');
    const odd = concat(begin, packed, data.subarray(heapStart));
    await expect(pkg.inspect(sourceOf(odd), testContext())).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  it('has files before its checksum', async () => {
    const data = makePackage('none');
    const text = (await readPackage(sourceOf(data))).toc.text;
    expect(text).toContain('<offset>0</offset><size>0</size>');
    const { heapEnd, heapStart } = await readPackage(sourceOf(data));
    const moved = new TextEncoder().encode(
      text.replace(
        '<checksum style="none"><offset>0</offset><size>0',
        `<checksum style="sha1"><offset>${heapEnd}</offset><size>20`,
      ),
    );
    const toc = new Uint8Array(deflateSync(moved));
    const odd = concat(
      encodeHeader(toc.length, moved.length, 'sha1'),
      toc,
      data.subarray(heapStart),
      digest('sha1', toc),
    );
    await expect(signed(odd)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('a damaged package', () => {
  it('is MALFORMED or no package when cut off at any length, from the front as well', async () => {
    const data = stapledPackage(await signed(), new Uint8Array(40));
    for (let size = 0; size < data.length - 72; size += size < 200 ? 7 : 211) {
      for (const part of [data.subarray(0, size), data.subarray(data.length - size)]) {
        await expectOnlySigningErrors(part);
        expect((await findingsIn(part)).join()).toContain('error');
      }
    }
  });

  it('never makes anything but a SigningError, whatever its header, table and signatures hold', async () => {
    const data = await signed();
    const change = fc.tuple(fc.nat({ max: data.length - 1 }), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const changed = Uint8Array.from(data);
        for (const [at, byte] of changes) changed[at] = byte;
        await findingsIn(changed);
        await expectOnlySigningErrors(changed);
      }),
      { seed: 7, numRuns: 250 },
    );
  });

  it('never makes anything but a SigningError, whatever its table says', async () => {
    const data = await signed();
    const { length } = (await readPackage(sourceOf(data))).toc.text;
    const change = fc.tuple(
      fc.nat({ max: length - 1 }),
      fc.constantFrom('<', '>', '/', '"', '0', '9', ' ', '&', ';', '=', 'a'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = await withEditedToc(data, (text) => {
          const letters = Array.from(text);
          for (const [at, letter] of changes) letters[at] = letter;
          return letters.join('');
        });
        await findingsIn(changed);
        await expectOnlySigningErrors(changed);
      }),
      { seed: 8, numRuns: 250 },
    );
  });
});

function imprintOf(text: string): Uint8Array {
  const hash = digest('sha256', new TextEncoder().encode(text));
  return sequence(encodeHashAlgorithm('sha256'), octetString(hash));
}

async function expectOnlySigningErrors(data: Uint8Array): Promise<void> {
  const source = sourceOf(data);
  const outcomes = await Promise.allSettled([
    pkg.sign(source, keyRequest(testPki.ecDeveloperIdApplication())),
    pkg.inspect(source, testContext()),
    pkg.removeSignature(source),
  ]);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(SigningError);
}
