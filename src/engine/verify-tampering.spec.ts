import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTimestampServer } from '../../test/fakes/timestamp/server.js';
import { httpTo } from '../../test/http-to.js';
import { pemFile } from '../../test/key-files.js';
import { LAB_TIME, labSurroundings } from '../../test/lab-surroundings.js';
import { machOFile } from '../../test/macho/macho-file.js';
import { testPki } from '../../test/pki/test-pki.js';
import { seededRandom } from '../../test/seeded-random.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import type { FindingCode } from './apple/finding.js';
import { readMachOFile } from './apple/macho/read-file.js';
import { decodeSignature, type CodeSignature } from './apple/signature/read-signature.js';
import { SLOT } from './apple/signature/magic.js';
import { sourceOf } from './bytes/source.js';
import { onlyValue } from './crypto/cms-attribute.js';
import { decodeSignedData } from './crypto/cms-decode.js';
import { OID } from './crypto/oids.js';
import { sign } from './sign.js';
import { verify, type Verification } from './verify.js';

const FLIPS = process.env.SLOW === '1' ? 10_000 : 1000;

const newFolder = temporaryFolders('verify-tampering');
const folder = newFolder();
const path = join(folder, 'signed');
let signed: Buffer;
let signature: CodeSignature;
/** Where the signature begins in the file. */
let start: number;
let valid: Verification;

/** Everything that a signature can have: two CodeDirectories, requirement, entitlements twice, CMS with timestamp. */
beforeAll(async () => {
  const server = await startTimestampServer({ clock: { now: () => LAB_TIME } });
  const identity = pemFile(folder, testPki.developerIdApplication());
  writeFileSync(join(folder, 'tool'), machOFile({ cpu: 'x86_64', minimum: 0x000a0900, codeSize: 20_000 }));
  await sign(
    { path: 'tool', outputPath: 'signed', identity, entitlements: { 'com.example.right': ['a', 'b'] } },
    labSurroundings(folder, { http: httpTo(server.url) }),
  );
  await server.close();
  signed = readFileSync(path);
  const { machos } = await readMachOFile(sourceOf(signed));
  start = machos[0]!.codeSignature!.offset;
  signature = decodeSignature(
    new Uint8Array(signed.buffer, signed.byteOffset + start, signed.length - start),
  );
  valid = await verifyBytes(signed);
});

function verifyBytes(data: Uint8Array): Promise<Verification> {
  writeFileSync(path, data);
  return verify({ path }, labSurroundings(folder));
}

function flipped(at: number, bit: number): Buffer {
  const data = Buffer.from(signed);
  data[at]! ^= 1 << bit;
  return data;
}

/** Where in the file a part of the signature lies. */
interface Range {
  readonly at: number;
  readonly size: number;
}

function rangeOf(part: Uint8Array | undefined): Range {
  return { at: part!.byteOffset - signed.byteOffset, size: part!.length };
}

const partIn = (slot: number) => rangeOf(signature.superBlob.slots.find((each) => each.slot === slot)?.blob);
const cms = () => decodeSignedData(signature.cms!);
const signerInfo = () => cms().signers[0]!;

it('untouched, it is valid', () => {
  expect(valid).toMatchObject({ ok: true, findings: [], slices: [{ timestamp: LAB_TIME.toISOString() }] });
  expect(signature.directories.map(({ hashType }) => hashType.name)).toEqual(['sha1', 'sha256']);
});

describe('when one bit of what is signed is another', () => {
  const regions: [string, () => Range, FindingCode][] = [
    ['the code', () => ({ at: 0, size: start }), 'MODIFIED_CODE'],
    ['the primary CodeDirectory', () => partIn(SLOT.codeDirectory), 'MODIFIED_CODE'],
    ['the other CodeDirectory', () => partIn(SLOT.alternateCodeDirectories), 'MODIFIED_CODE'],
    ['the requirements', () => partIn(SLOT.requirements), 'MODIFIED_CODE'],
    ['the entitlements', () => partIn(SLOT.entitlements), 'MODIFIED_CODE'],
    ['the entitlements as DER', () => partIn(SLOT.entitlementsDer), 'MODIFIED_CODE'],
    ["the signer's signature", () => rangeOf(signerInfo().signature), 'MODIFIED_CODE'],
    ['the signed attributes', () => rangeOf(signerInfo().signedAttributes!.raw), 'MODIFIED_CODE'],
  ];

  it.each(regions)(
    'it is found, wherever it is: %s',
    async (_, region, code) => {
      const { at, size } = region();
      const random = seededRandom(size);
      for (let i = 0; i < FLIPS / regions.length; i++) {
        const [place, bit] = [at + random.below(size), random.below(8)];
        const { ok, findings } = await verifyBytes(flipped(place, bit));
        const codes = findings.map((finding) => finding.code);
        const isNamed = codes.some((each) => each === code || each === 'MALFORMED');
        expect({ place: place - at, bit, ok, isNamed }).toEqual({
          place: place - at,
          bit,
          ok: false,
          isNamed: true,
        });
      }
    },
    120_000,
  );

  it('in any page, the finding says in which', async () => {
    // The first page holds the header, over which a reader may stumble first.
    for (let page = 1; page * 4096 < start; page++) {
      const { findings } = await verifyBytes(flipped(Math.min(page * 4096 + 2000, start - 1), 0));
      const place = `page ${page} at offset 0x${(page * 4096).toString(16)}`;
      expect(findings.map(({ message }) => message)).toEqual([
        expect.stringContaining(`${place}, by sha1`),
        expect.stringContaining(`${place}, by sha256`),
      ]);
    }
  });

  it('each hash in the CodeDirectories counts, special ones too', async () => {
    for (const { blob, directory, hashType } of signature.directories) {
      const hashes = blob.length - directory.codeSlots.length - 7 * hashType.size;
      for (let at = hashes; at < blob.length; at += hashType.size) {
        const { ok } = await verifyBytes(flipped(rangeOf(blob).at + at, 3));
        expect({ at, ok }).toEqual({ at, ok: false });
      }
    }
  });

  it('in the timestamp token it is found too, if only as a warning about a certificate that nobody needs', async () => {
    const { at, size } = rangeOf(onlyValue(signerInfo().unsignedAttributes, OID.timestampToken));
    const random = seededRandom(size);
    for (let i = 0; i < FLIPS / 8; i++) {
      const [place, bit] = [at + random.below(size), random.below(8)];
      const { findings } = await verifyBytes(flipped(place, bit));
      const isFound = findings.length > 0;
      expect({ place: place - at, bit, isFound }).toEqual({ place: place - at, bit, isFound: true });
    }
  }, 120_000);
});

describe('when one bit of what carries the signature is another', () => {
  /** How things are wrapped is in no signature; no fact may hang on it. */
  it('it is found, or all that verify says stays the same', async () => {
    const random = seededRandom(7);
    for (let i = 0; i < FLIPS / 4; i++) {
      const [place, bit] = [start + random.below(signature.superBlob.length), random.below(8)];
      const verdict = await verifyBytes(flipped(place, bit));
      const isSame = JSON.stringify(verdict) === JSON.stringify(valid);
      const holds = isSame || verdict.findings.length > 0;
      expect({ place: place - start, bit, holds }).toEqual({ place: place - start, bit, holds: true });
    }
  }, 120_000);

  it('behind the signature, where nothing is, it changes nothing', async () => {
    const padding = start + signature.superBlob.length;
    expect(padding).toBeLessThan(signed.length);
    for (const place of [padding, signed.length - 1])
      await expect(verifyBytes(flipped(place, 0))).resolves.toEqual(valid);
  });
});

describe('when the index of the signature, which nothing covers, is changed', () => {
  const UNKNOWN = 0x1900;

  it.each([
    ['the stronger CodeDirectory is hidden', SLOT.alternateCodeDirectories, UNKNOWN],
    ['the primary CodeDirectory is hidden', SLOT.codeDirectory, UNKNOWN],
    ['there are two primary ones', SLOT.alternateCodeDirectories, SLOT.codeDirectory],
    ['there are two others', SLOT.codeDirectory, SLOT.alternateCodeDirectories],
    ['the requirements are hidden', SLOT.requirements, UNKNOWN],
    ['the entitlements are hidden', SLOT.entitlements, UNKNOWN],
    ["the signer's signature is hidden", SLOT.signature, UNKNOWN],
  ])('and %s, it is found', async (_, slot, other) => {
    const data = Buffer.from(signed);
    // Magic, length and count; then a type and an offset for each part.
    const entry = signature.superBlob.slots.findIndex((each) => each.slot === slot);
    data.writeUInt32BE(other, start + 12 + 8 * entry);
    await expect(verifyBytes(data)).resolves.toMatchObject({ ok: false });
  });
});

describe('when nobody has signed what is in the signature, as ad-hoc', () => {
  it.each([
    ['without a primary CodeDirectory', SLOT.codeDirectory, 0x1900],
    ['with two primary CodeDirectories', SLOT.alternateCodeDirectories, SLOT.codeDirectory],
  ])('it is still refused %s, which systems would read differently', async (_, slot, other) => {
    const options = { path: 'tool', outputPath: 'adhoc', identity: 'adhoc' };
    await sign(options, labSurroundings(folder));
    const data = readFileSync(join(folder, 'adhoc'));
    const at = data.indexOf(Buffer.from('fade0cc0', 'hex'));
    const { slots } = decodeSignature(data.subarray(at)).superBlob;
    const entry = slots.findIndex((each) => each.slot === slot);
    data.writeUInt32BE(other, at + 12 + 8 * entry);
    const { findings } = await verifyBytes(data);
    expect(findings.map(({ code }) => code)).toEqual(['MALFORMED']);
  });
});

describe('when parts of signatures are exchanged', () => {
  it("another program's CMS does not vouch for this one", async () => {
    writeFileSync(join(folder, 'tool'), machOFile({ cpu: 'x86_64', minimum: 0x000a0900, codeSize: 20_001 }));
    const identity = join(folder, 'identity.pem');
    const lab = labSurroundings(folder);
    await sign({ path: 'tool', outputPath: 'other', identity, timestamp: false, entitlements: {} }, lab);
    const other = readFileSync(join(folder, 'other'));
    const { machos } = await readMachOFile(sourceOf(other));
    const offset = machos[0]!.codeSignature!.offset;
    const theirs = decodeSignature(
      new Uint8Array(other.buffer, other.byteOffset + offset, other.length - offset),
    );
    const data = Buffer.from(signed);
    data.fill(0, rangeOf(signature.cms).at, rangeOf(signature.cms).at + rangeOf(signature.cms).size);
    data.set(theirs.cms!, rangeOf(signature.cms).at);
    const { ok, findings } = await verifyBytes(data);
    expect(ok).toBe(false);
    expect(findings.map(({ code }) => code)).toContain('MODIFIED_CODE');
  });
});
