import fc from 'fast-check';
import { dataOf, makeImage } from '../../../../test/fixtures/dmg.js';
import {
  adhocRequest,
  applied,
  keyRequest,
  testContext,
  withByte,
  type RequestChanges,
} from '../../../../test/fixtures/dmg-pkg-request.js';
import { startTimestampServer } from '../../../../test/fakes/timestamp/server.js';
import { testPki } from '../../../../test/pki/test-pki.js';
import { sourceOf } from '../../bytes/source.js';
import { requestTimestamp } from '../../crypto/timestamp.js';
import { systemClock } from '../../system/clock.js';
import { SigningError } from '../../system/error.js';
import { httpClient } from '../../system/http-client.js';
import { COMPAT } from '../compat.js';
import { encodeBlob } from '../signature/blob.js';
import { MAGIC, SLOT } from '../signature/magic.js';
import { decodeSuperBlob } from '../signature/super-blob.js';
import { dmg } from './dmg.js';
import { readImage, signaturePatch } from './image.js';

const image = makeImage(dataOf(1500));

async function signed(changes: RequestChanges = {}): Promise<Uint8Array> {
  const { patches } = await dmg.sign(sourceOf(image), keyRequest(testPki.developerIdApplication(), changes));
  return applied(image, patches);
}

async function codesIn(data: Uint8Array, context = testContext()): Promise<string[]> {
  const { findings } = await dmg.verify(sourceOf(data), context);
  return findings.map(({ severity, code }) => `${severity} ${code}`);
}

/** As stapler does: one more blob, and no other byte of the signature changes. */
async function stapled(data: Uint8Array): Promise<Uint8Array> {
  const opened = await readImage(sourceOf(data));
  const ticket = encodeBlob(MAGIC.blobWrapper, new TextEncoder().encode('a ticket'));
  const { slots } = decodeSuperBlob(opened.signature!);
  return applied(data, [signaturePatch(opened, [...slots, { slot: SLOT.ticket, blob: ticket }])]);
}

describe('a disk image that was signed here', () => {
  it('verifies, and tells who signed', async () => {
    const verdict = await dmg.verify(sourceOf(await signed()), testContext());
    expect(verdict.findings).toEqual([]);
    expect(verdict.cms?.certificates.map(({ subject }) => subject.commonName)).toEqual([
      testPki.developerIdApplication().certificate.subject.commonName,
      'Test Developer ID Certification Authority',
      'Test Root CA',
    ]);
  });

  it('verifies when signed ad-hoc', async () => {
    const { patches } = await dmg.sign(sourceOf(image), adhocRequest());
    expect(await codesIn(await applied(image, patches))).toEqual([]);
  });

  it('proves its time by a timestamp, which outlives the certificate', async () => {
    const server = await startTimestampServer();
    const data = await signed({
      timestamp: (message) =>
        requestTimestamp({
          message,
          hash: 'sha256',
          servers: [server.url],
          http: httpClient(),
          clock: systemClock,
          random: (size) => new Uint8Array(size).fill(1),
        }),
    });
    await server.close();
    const later = testContext({ now: new Date('2060-01-01T00:00:00Z') });
    expect(await codesIn(data, later)).toEqual([]);
    expect(await codesIn(await signed(), later)).toContain('warning EXPIRED');
  });

  it('is not trusted beyond its own root', async () => {
    const context = testContext({ appleRoots: [testPki.strangerRoot().certificate] });
    expect(await codesIn(await signed(), context)).toEqual(['warning UNTRUSTED']);
  });

  it('verifies with a notarization ticket, and says that signing again loses it', async () => {
    const data = await stapled(await signed());
    expect(await codesIn(data)).toEqual([]);
    expect((await dmg.inspect(sourceOf(data), testContext())).ticketSize).toBe(8);
    const { patches, warnings } = await dmg.sign(
      sourceOf(data),
      keyRequest(testPki.developerIdApplication()),
    );
    expect(warnings).toEqual([expect.stringContaining('ticket')]);
    expect(Buffer.from(await applied(data, patches)).equals(await signed())).toBe(true);
  });
});

describe('a disk image that was changed', () => {
  it('never verifies, whichever byte it was', async () => {
    const data = await stapled(await signed());
    const ticketSize = 16;
    const places = fc.nat({ max: data.length - 1 });
    const covered = await coveredBy(data, ticketSize);
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        fc.pre(covered(at));
        const codes = await codesIn(withByte(data, at, (byte) => byte ^ flip));
        expect(codes.join()).toMatch(
          /error (MODIFIED_CODE|MALFORMED|NOT_CODE|NOT_SIGNED|CERTIFICATE|INVALID)/,
        );
      }),
      { seed: 4, numRuns: 400 },
    );
  });

  it('says what it was', async () => {
    const data = await signed();
    const messageOf = async (changed: Uint8Array) =>
      (await dmg.verify(sourceOf(changed), testContext())).findings.map(({ message }) => message).join();
    expect(await messageOf(withByte(data, 7, (byte) => byte ^ 1))).toContain('page 0');
    expect(await messageOf(withByte(data, data.length - 20, (byte) => byte ^ 1))).toContain('slot 6');
    expect(await messageOf(image)).toContain('not signed at all');
  });

  it('is refused when something stands between the parts of its signature', async () => {
    const data = await signed();
    const opened = await readImage(sourceOf(data));
    const { slots } = decodeSuperBlob(opened.signature!);
    const patch = signaturePatch(opened, slots);
    const longer = new Uint8Array(patch.put.length + 4);
    longer.set(patch.put.subarray(0, -512));
    longer.set(patch.put.subarray(-512), longer.length - 512);
    const view = new DataView(longer.buffer);
    view.setUint32(4, longer.length - 512);
    view.setBigUint64(longer.length - 512 + 304, BigInt(longer.length - 512));
    expect(await codesIn(await applied(data, [{ ...patch, put: longer }]))).toEqual(['error MALFORMED']);
  });
});

describe('an ad-hoc signature, which anybody can edit', () => {
  /** Signed with two CodeDirectories, the second one edited. */
  async function codesAfter(edit: (directory: Uint8Array) => void): Promise<string[]> {
    const compat = { ...COMPAT['macos-26'], digests: ['sha1', 'sha256'] as const };
    const { patches } = await dmg.sign(sourceOf(image), adhocRequest({ compat }));
    const data = await applied(image, patches);
    expect(await codesIn(data)).toEqual([]);
    const opened = await readImage(sourceOf(data));
    const { slots } = decodeSuperBlob(opened.signature!);
    edit(slots.find(({ slot }) => slot === SLOT.alternateCodeDirectories)!.blob);
    return codesIn(await applied(data, [signaturePatch(opened, slots)]));
  }

  it('has to say the same in all CodeDirectories', async () => {
    expect(
      await codesAfter((directory) => {
        directory[Buffer.from(directory).indexOf('com.example')]! ^= 1;
      }),
    ).toEqual(['error MODIFIED_CODE']);
  });

  it('has to cover exactly what comes before it', async () => {
    expect(
      await codesAfter((directory) => {
        directory[35]! ^= 1; // the last byte of codeLimit
      }),
    ).toContain('error MODIFIED_CODE');
  });

  it('has to be as long as the trailer says, although nothing seals that', async () => {
    const data = await signed();
    const lengthAt = data.length - 512 + 304 + 7;
    expect(await codesIn(withByte(data, lengthAt, (byte) => byte ^ 1))).toEqual(['error MALFORMED']);
  });
});

describe('a damaged disk image', () => {
  it('is MALFORMED or no image when cut off at any length, from the front as well', async () => {
    const data = await signed();
    for (let size = 0; size < data.length; size += size < 600 ? 7 : 61) {
      for (const part of [data.subarray(0, size), data.subarray(data.length - size)]) {
        const failures = await outcomesOf(part);
        expect(failures.every((failure) => failure instanceof SigningError)).toBe(true);
        expect((await codesIn(part)).join()).toContain('error');
      }
    }
  });

  it('never makes anything but a SigningError, whatever the trailer and the signature hold', async () => {
    const data = await signed();
    const { dataEnd } = await readImage(sourceOf(data));
    const change = fc.tuple(fc.integer({ min: dataEnd, max: data.length - 1 }), fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const changed = Uint8Array.from(data);
        for (const [at, byte] of changes) changed[at] = byte;
        await codesIn(changed);
        expect((await outcomesOf(changed)).every((failure) => failure instanceof SigningError)).toBe(true);
      }),
      { seed: 5, numRuns: 400 },
    );
  });
});

/** What went wrong with each thing that can be done to an image. */
async function outcomesOf(data: Uint8Array): Promise<unknown[]> {
  const source = sourceOf(data);
  const outcomes = await Promise.allSettled([
    dmg.sign(source, adhocRequest()),
    dmg.inspect(source, testContext()),
    dmg.removeSignature(source),
  ]);
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
}

/** Not the ticket, which is Apple's word and checked elsewhere, nor the unsigned parts of the CMS. */
async function coveredBy(data: Uint8Array, ticketSize: number): Promise<(at: number) => boolean> {
  const { dataEnd, signature } = await readImage(sourceOf(data));
  const cms = decodeSuperBlob(signature!).slots.find(({ slot }) => slot === SLOT.signature)!.blob;
  const cmsStart = dataEnd + (cms.byteOffset - signature!.byteOffset);
  const signatureEnd = dataEnd + signature!.length;
  return (at) =>
    (at < cmsStart || at >= cmsStart + cms.length) && (at < signatureEnd - ticketSize || at >= signatureEnd);
}
