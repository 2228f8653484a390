import { makeImage } from '../../../../test/fixtures/dmg.js';
import {
  adhocRequest,
  applied,
  keyRequest,
  SIGNING_TIME,
} from '../../../../test/fixtures/dmg-pkg-request.js';
import { OpensslPki } from '../../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import { python } from '../../../../test/oracles/python.js';
import { TEAM, testPki } from '../../../../test/pki/test-pki.js';
import { toHex } from '../../bytes/hex.js';
import { readBytes, sourceOf, type ByteSource } from '../../bytes/source.js';
import type { FormatRequest, SignedImage } from '../format.js';
import { COMPAT } from '../compat.js';
import { SLOT } from '../signature/magic.js';
import { decodeSignature } from '../signature/read-signature.js';
import { dmg } from './dmg.js';
import { readImage } from './image.js';

const image = makeImage();

async function sign(request: FormatRequest, data = image): Promise<Uint8Array> {
  const { patches } = await dmg.sign(sourceOf(data), request);
  return applied(data, patches);
}

async function signatureOf(signed: Uint8Array) {
  const { signature } = await readImage(sourceOf(signed));
  return decodeSignature(signature!);
}

const developerId = () => keyRequest(testPki.developerIdApplication());

describe('when a disk image is signed', () => {
  it('keeps the data, and puts the signature between it and the trailer, to the byte', async () => {
    const signed = await sign(developerId());
    const { dataEnd, signature, trailer } = await readImage(sourceOf(signed));
    expect(dataEnd).toBe(image.length - 512);
    expect(Buffer.from(signed.subarray(0, dataEnd)).equals(image.subarray(0, dataEnd))).toBe(true);
    expect(trailer.codeSignatureOffset).toBe(dataEnd);
    expect(signed.length).toBe(dataEnd + signature!.length + 512);
    expect(decodeSignature(signature!).superBlob.length).toBe(signature!.length);
  });

  it('has a CodeDirectory of one page, SHA-256, version 2.2 with the team', async () => {
    const { directories, superBlob } = await signatureOf(await sign(developerId()));
    expect(superBlob.slots.map(({ slot }) => slot)).toEqual([0, SLOT.requirements, SLOT.signature]);
    expect(directories.map(({ directory }) => directory)).toMatchObject([
      {
        version: 0x20200,
        flags: 0,
        identifier: 'com.example.product',
        teamId: TEAM,
        pageSize: 0,
        codeLimit: image.length - 512,
        runtimeVersion: 0,
      },
    ]);
    expect([...directories[0]!.directory.specialSlots.keys()].sort()).toEqual([2, 6]);
  });

  it('has no team, version 2.1 and an empty set of requirements when signed ad-hoc', async () => {
    const { directories, cms, requirements } = await signatureOf(await sign(adhocRequest()));
    expect(directories[0]!.directory).toMatchObject({ version: 0x20100, flags: 2, teamId: undefined });
    expect(cms).toHaveLength(0);
    expect(requirements).toHaveLength(12);
  });

  it('is the same for the same key and time', async () => {
    expect(Buffer.from(await sign(developerId())).equals(await sign(developerId()))).toBe(true);
  });

  it('loses an older signature without a trace', async () => {
    const once = await sign(developerId());
    const twice = await sign(developerId(), await sign(adhocRequest(), once));
    expect(Buffer.from(twice).equals(once)).toBe(true);
  });

  it('tells what was signed', async () => {
    const { signed, warnings } = await dmg.sign(sourceOf(image), developerId());
    expect(warnings).toEqual([]);
    expect((signed as SignedImage).code).toMatchObject({
      path: '',
      identifier: 'com.example.product',
      teamId: TEAM,
      designatedRequirement: expect.stringContaining(
        'identifier "com.example.product" and anchor apple generic',
      ) as string,
      slices: [{ arch: 'disk image', flags: [] }],
    });
  });

  it('leaves the hardened runtime out, and keeps other flags', async () => {
    const request = keyRequest(testPki.developerIdApplication(), { settings: { flags: 0x10000 | 0x200 } });
    const { directories } = await signatureOf(await sign(request));
    expect(directories[0]!.directory).toMatchObject({ flags: 0x200, runtimeVersion: 0 });
  });

  it('takes another identifier, and SHA-1 beside SHA-256, when asked', async () => {
    const compat = { ...COMPAT['macos-26'], digests: ['sha1', 'sha256'] as const };
    const { directories } = await signatureOf(
      await sign(adhocRequest({ compat, settings: { identifier: 'com.example.image' } })),
    );
    expect(directories.map(({ hashType, directory }) => [hashType.name, directory.identifier])).toEqual([
      ['sha1', 'com.example.image'],
      ['sha256', 'com.example.image'],
    ]);
  });

  it('refuses entitlements', async () => {
    const entitlements = { xml: new Uint8Array(), der: new Uint8Array(), execFlags: 0 };
    await expect(
      dmg.sign(sourceOf(image), adhocRequest({ settings: { entitlements } })),
    ).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

describe('when the name of an ad-hoc signed image has no dot', () => {
  it('makes it unique by the SHA-1 of the trailer, as codesign does, again and again the same', async () => {
    const request = adhocRequest({ fileName: 'Product.dmg' });
    const once = await sign(request);
    const { directory } = (await signatureOf(once)).directories[0]!;
    expect(directory.identifier).toMatch(/^Product-[0-9a-f]{40}$/);
    expect(Buffer.from(await sign(request, once)).equals(once)).toBe(true);
  });

  it('leaves it alone with a certificate', async () => {
    const request = keyRequest(testPki.developerIdApplication(), { fileName: 'Product.dmg' });
    expect((await signatureOf(await sign(request))).directories[0]!.directory.identifier).toBe('Product');
  });
});

describe('when an image is larger than 4 GiB', () => {
  const size = 2 ** 32 + 5000;
  /** Nothing but zeros before the trailer, in no memory. */
  const large: ByteSource = {
    size,
    read: async (at, into) => {
      into.fill(0);
      const start = Math.max(at, size - image.length);
      if (start < at + into.length) {
        const from = start - (size - image.length);
        into.set(image.subarray(from, from + at + into.length - start), start - at);
      }
    },
  };
  const itWhenSlow = process.env.SLOW === '1' ? it : it.skip;

  itWhenSlow(
    'says so in 64 bits, version 2.3, in constant memory [SLOW=1]',
    async () => {
      const before = process.memoryUsage().rss;
      const { patches } = await dmg.sign(large, developerId());
      expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
      const put = patches[0]!.put;
      const { directories } = decodeSignature(put.subarray(0, put.length - 512));
      const { directory, blob } = directories[0]!;
      expect(directory).toMatchObject({ version: 0x20300, codeLimit: size - 512, pageSize: 0, teamId: TEAM });
      expect(Buffer.from(blob).readUInt32BE(32)).toBe(0xffffffff);
      expect(new TextDecoder().decode(await readBytes(large, size - 512, 4))).toBe('koly');
    },
    120_000,
  );
});

describeWithOracle('openssl', 'openssl', () => {
  const openssl = new OpensslPki();
  afterAll(() => {
    openssl.remove();
  });

  it('verifies the CMS over the CodeDirectory, up to the root', async () => {
    const { cms, directories } = await signatureOf(await sign(developerId()));
    openssl.write('root.pem', testPki.root().certificatePem);
    openssl.write('cms', cms!);
    openssl.write('directory', directories[0]!.blob);
    openssl.run(
      ...['cms', '-verify', '-inform', 'DER', '-in', 'cms', '-content', 'directory', '-binary'],
      ...['-CAfile', 'root.pem', '-purpose', 'any', '-ignore_critical', '-out', 'verified'],
    );
    expect(Buffer.from(openssl.read('verified')).equals(directories[0]!.blob)).toBe(true);
    expect(openssl.run('cms', '-cmsout', '-print', '-inform', 'DER', '-in', 'cms')).toContain(
      `Nov 22 ${String(SIGNING_TIME.getUTCHours())}:00:00 2026 GMT`,
    );
  });
});

describeWithOracle('python3', 'a reader that goes by the description alone', () => {
  it('finds one hash of all data and one of the trailer with its length left out', async () => {
    const signed = await sign(developerId());
    const report = JSON.parse(String(python(PYTHON_READER, signed))) as Record<string, unknown>;
    expect(report).toEqual({
      fills: true,
      data: true,
      trailer: true,
      requirements: true,
      pageSizeLog2: 0,
      codeLimit: true,
      cdhash: toHex((await signatureOf(signed)).directories[0]!.cdhash),
    });
  });
});

const PYTHON_READER = `
import sys, struct, hashlib, json
d = sys.stdin.buffer.read()
koly = d[-512:]
assert koly[:4] == b'koly'
offset, length = struct.unpack('>QQ', koly[296:312])
blob = d[offset:offset + length]
magic, size, count = struct.unpack('>III', blob[:12])
index = dict(struct.unpack('>II', blob[12 + 8 * i:20 + 8 * i]) for i in range(count))
def part(slot):
    at = index[slot]
    return blob[at:at + struct.unpack('>I', blob[at + 4:at + 8])[0]]
cd = part(0)
hash_offset, ident, specials, slots, limit = struct.unpack('>IIIII', cd[16:36])
sha = lambda x: hashlib.sha256(x).digest()
slot = lambda n: cd[hash_offset + 32 * n:hash_offset + 32 * n + 32]
print(json.dumps({
  'fills': magic == 0xfade0cc0 and size == length and offset + length + 512 == len(d),
  'data': slots == 1 and slot(0) == sha(d[:offset]),
  'trailer': specials == 6 and slot(-6) == sha(koly[:304] + bytes(8) + koly[312:]),
  'requirements': slot(-2) == sha(part(2)),
  'pageSizeLog2': cd[39],
  'codeLimit': limit == offset,
  'cdhash': sha(cd).hex()[:40],
}))
`;
