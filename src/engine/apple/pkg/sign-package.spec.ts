import { spawnSync } from 'node:child_process';
import { applied, adhocRequest, keyRequest } from '../../../../test/fixtures/dmg-pkg-request.js';
import { makePackage, PACKAGE_FILES } from '../../../../test/fixtures/pkg.js';
import { OpensslPki } from '../../../../test/oracles/openssl-pki.js';
import { describeWhen, describeWithOracle } from '../../../../test/oracles/oracle.js';
import { python } from '../../../../test/oracles/python.js';
import type { TestIdentity } from '../../../../test/pki/issue.js';
import { testPki } from '../../../../test/pki/test-pki.js';
import { toHex } from '../../bytes/hex.js';
import { sourceOf } from '../../bytes/source.js';
import type { Timestamp } from '../../crypto/timestamp.js';
import type { FormatRequest, SignedPackage } from '../format.js';
import { readHeap, readPackage } from './package.js';
import { pkg } from './pkg.js';

const installer = () => keyRequest(testPki.developerIdInstaller());

async function sign(request: FormatRequest, data = makePackage()): Promise<Uint8Array> {
  return applied(data, (await pkg.sign(sourceOf(data), request)).patches);
}

/** A timestamp of that many bytes, for whoever only looks at its size. */
function timestampOf(size: number): (message: Uint8Array) => Promise<Timestamp> {
  const token = new Uint8Array(size);
  new DataView(token.buffer).setUint32(0, 0x04830000 + ((size - 5) >> 8));
  token[4] = (size - 5) & 0xff;
  const { certificate: signer } = testPki.timestampSigner();
  return () => Promise.resolve({ token, time: new Date(), server: '', signer, certificates: [] });
}

describe('when a package is signed', () => {
  it('puts checksum, RSA signature and CMS in front of the files, one after the other', async () => {
    const signed = await readPackage(sourceOf(await sign(installer())));
    const { checksum, signatures } = signed.toc;
    expect(checksum).toMatchObject({ algorithm: 'sha256', offset: 0, length: 32 });
    expect(signatures).toMatchObject([
      { style: 'RSA', offset: 32, length: 256 },
      { style: 'CMS', offset: 288 },
    ]);
    expect(signatures[1]!.offset + signatures[1]!.length).toBe(signed.filesStart);
    const { certificate, chain } = testPki.developerIdInstaller();
    for (const { certificates } of signatures)
      expect(certificates.map(toHex)).toEqual([certificate, ...chain].map(({ der }) => toHex(der)));
  });

  it('moves the files and changes none', async () => {
    const data = makePackage();
    const [before, after] = await Promise.all(
      [data, await sign(installer(), data)].map((each) => readPackage(sourceOf(each))),
    );
    expect(after!.toc.pieces.map(({ path }) => path)).toEqual(before!.toc.pieces.map(({ path }) => path));
    for (const [i, piece] of before!.toc.pieces.entries())
      expect(await readHeap(after!, after!.toc.pieces[i]!)).toEqual(await readHeap(before!, piece));
    expect(after!.toc.text).toContain('<creation-time>2026-11-22T12:00:00</creation-time>');
  });

  it.each(['sha1', 'sha256', 'sha512'] as const)('keeps the checksum %s, and tells it', async (algorithm) => {
    const data = makePackage(algorithm);
    const { patches, signed, warnings } = await pkg.sign(sourceOf(data), installer());
    const { checksum } = signed as SignedPackage;
    const { toc, ...opened } = await readPackage(sourceOf(await applied(data, patches)));
    expect(toc.checksum?.algorithm).toBe(algorithm);
    expect(checksum.algorithm).toBe(algorithm);
    expect(toHex(checksum.value)).toBe(toHex(await readHeap({ toc, ...opened }, toc.checksum!)));
    expect(warnings).toEqual(algorithm === 'sha1' ? [expect.stringContaining('SHA-1')] : []);
  });

  it('gives SHA-256 to one without a checksum', async () => {
    const { toc } = await readPackage(sourceOf(await sign(installer(), makePackage('none'))));
    expect(toc.checksum).toMatchObject({ algorithm: 'sha256', length: 32 });
  });

  it('is the same for the same key and time', async () => {
    expect(Buffer.from(await sign(installer())).equals(await sign(installer()))).toBe(true);
  });

  it('loses older signatures without a trace', async () => {
    const once = await sign(installer());
    const bySomeoneElse = await sign(keyRequest(testPki.ecDeveloperIdApplication()), once);
    expect(Buffer.from(await sign(installer(), bySomeoneElse)).equals(once)).toBe(true);
  });

  it('has a CMS alone when the key cannot make RSA signatures', async () => {
    const signed = await sign(keyRequest(testPki.ecDeveloperIdApplication()));
    const { toc } = await readPackage(sourceOf(signed));
    expect(toc.signatures.map(({ style }) => style)).toEqual(['CMS']);
  });

  it('makes room for a timestamp, for an uncommonly large one as well', async () => {
    const roomWith = async (timestamp: ReturnType<typeof timestampOf>) => {
      const signed = await sign(keyRequest(testPki.developerIdInstaller(), { timestamp }));
      return (await readPackage(sourceOf(signed))).toc.signatures[1]!.length;
    };
    expect(await roomWith(timestampOf(8000))).toBeLessThan(16_000);
    expect(await roomWith(timestampOf(100_000))).toBeGreaterThan(100_000);
  });

  it('fails when nothing has room for the timestamp', async () => {
    const timestamp = timestampOf(200_000);
    await expect(sign(keyRequest(testPki.developerIdInstaller(), { timestamp }))).rejects.toMatchObject({
      code: 'SIGNATURE_TOO_LARGE',
    });
  });

  it('does not take a signature of another size than the key’s', async () => {
    const { credentials, ...rest } = installer();
    const key = { ...credentials!.key, sign: () => Promise.resolve(new Uint8Array(255)) };
    await expect(sign({ ...rest, credentials: { ...credentials!, key } })).rejects.toMatchObject({
      code: 'INVALID_KEY',
    });
  });

  it('is not signed ad-hoc, and has nothing that only code has', async () => {
    const { credentials } = installer();
    const entitlements = { xml: new Uint8Array(), der: new Uint8Array(), execFlags: 0 };
    for (const request of [
      adhocRequest(),
      { ...adhocRequest({ settings: { identifier: 'com.example' } }), credentials },
      { ...adhocRequest({ settings: { requirements: new Uint8Array() } }), credentials },
      { ...adhocRequest({ settings: { entitlements } }), credentials },
    ])
      await expect(sign(request)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describeWithOracle('openssl', 'openssl', () => {
  const openssl = new OpensslPki();
  afterAll(() => {
    openssl.remove();
  });

  const unpack = async (identity: TestIdentity, data: Uint8Array) => {
    const signed = await readPackage(sourceOf(await sign(keyRequest(identity), data)));
    openssl.write('root.pem', testPki.root().certificatePem);
    openssl.write('signer.pem', identity.certificatePem);
    openssl.write('toc', signed.compressedToc);
    openssl.write('checksum', await readHeap(signed, signed.toc.checksum!));
    for (const signature of signed.toc.signatures)
      openssl.write(signature.style, await readHeap(signed, signature));
  };

  it.each(['sha1', 'sha256', 'sha512'] as const)('verifies the RSA signature, by %s', async (algorithm) => {
    await unpack(testPki.developerIdInstaller(), makePackage(algorithm));
    openssl.run('x509', '-in', 'signer.pem', '-pubkey', '-noout', '-out', 'public.pem');
    const verify = ['dgst', `-${algorithm}`, '-verify', 'public.pem', '-signature', 'RSA'];
    expect(openssl.run(...verify, 'toc')).toContain('Verified OK');
    expect(() => openssl.run(...verify, 'root.pem')).toThrow();
  });

  it.each([testPki.developerIdInstaller, testPki.ecDeveloperIdApplication])(
    'verifies the CMS over the checksum, up to the root',
    async (identity) => {
      await unpack(identity(), makePackage());
      openssl.run(
        ...['cms', '-verify', '-inform', 'DER', '-in', 'CMS', '-content', 'checksum', '-binary'],
        ...['-CAfile', 'root.pem', '-purpose', 'any', '-ignore_critical', '-out', 'verified'],
      );
      expect(openssl.read('verified')).toEqual(openssl.read('checksum'));
    },
  );
});

describeWithOracle('python3', 'a reader that goes by the description alone', () => {
  it.each(['sha1', 'sha256', 'none'] as const)('unpacks the same files, %s', async (algorithm) => {
    const files = JSON.parse(
      String(python(PYTHON_READER, await sign(installer(), makePackage(algorithm)))),
    ) as Record<string, string>;
    const expected = PACKAGE_FILES.map(({ path, content }) => [path, toHex(content)]);
    expect(files).toEqual(Object.fromEntries(expected));
  });
});

describeWhen(hasProgram('bsdtar', '--version'), 'bsdtar is not installed', 'bsdtar', () => {
  it('lists a signed package and finds every checksum right', async () => {
    // libarchive knows no checksum of the whole but SHA-1.
    const signed = await sign(installer(), makePackage('sha1'));
    const { stdout, status } = spawnSync('bsdtar', ['-xOf', '-', 'product.pkg/PackageInfo'], {
      input: signed,
    });
    expect(status).toBe(0);
    expect(String(stdout)).toContain('com.example.product');
  });
});

describeWhen(hasProgram('7zz', '--help'), '7zz is not installed', '7zz', () => {
  it('tests a signed package', async () => {
    const openssl = new OpensslPki();
    const path = openssl.write('signed.pkg', await sign(installer()));
    const { stdout, status } = spawnSync('7zz', ['t', path]);
    openssl.remove();
    expect(status).toBe(0);
    expect(String(stdout)).toContain('Everything is Ok');
  });
});

function hasProgram(name: string, probe: string): boolean {
  return spawnSync(name, [probe], { stdio: 'ignore' }).error === undefined;
}

const PYTHON_READER = `
import sys, struct, zlib, hashlib, json
import xml.etree.ElementTree as ET
d = sys.stdin.buffer.read()
magic, size, version, packed, unpacked, algorithm = struct.unpack('>4sHHQQI', d[:28])
assert (magic, size, version) == (b'xar!', 28, 1)
raw = d[28:28 + packed]
text = zlib.decompress(raw)
assert len(text) == unpacked
toc = ET.fromstring(text).find('toc')
heap = d[28 + packed:]
number = lambda e, name: int(e.find(name).text)
check = toc.find('checksum')
name = check.get('style')
assert algorithm == {'sha1': 1, 'sha256': 3, 'sha512': 4}[name]
assert heap[number(check, 'offset'):][:number(check, 'size')] == hashlib.new(name, raw).digest()
files = {}
def walk(parent, prefix):
    for f in parent.findall('file'):
        path = prefix + f.find('name').text
        data = f.find('data')
        if data is not None:
            body = heap[number(data, 'offset'):][:number(data, 'length')]
            archived, extracted = data.find('archived-checksum'), data.find('extracted-checksum')
            assert hashlib.new(archived.get('style'), body).hexdigest() == archived.text
            if data.find('encoding').get('style') == 'application/x-gzip': body = zlib.decompress(body)
            assert hashlib.new(extracted.get('style'), body).hexdigest() == extracted.text
            assert len(body) == number(data, 'size')
            files[path] = body.hex()
        walk(f, path + '/')
walk(toc, '')
key = {'k': 'http://www.w3.org/2000/09/xmldsig#'}
assert len(toc.find('signature').findall('k:KeyInfo/k:X509Data/k:X509Certificate', key)) == 3
assert len(toc.find('x-signature').findall('k:KeyInfo/k:X509Data/k:X509Certificate', key)) == 3
print(json.dumps(files))
`;
