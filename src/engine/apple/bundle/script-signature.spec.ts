import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, sign, verify } from '../../index.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';

describe("when a bundle's main executable is no Mach-O", () => {
  let folder: string;
  let app: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'script-'));
    app = join(folder, 'Script.app');
    mkdirSync(join(app, 'Contents', 'MacOS'), { recursive: true });
    writeFileSync(join(app, 'Contents', 'MacOS', 'Script'), '#!/bin/sh\necho hello\n');
    chmodSync(join(app, 'Contents', 'MacOS', 'Script'), 0o755);
    writeInfo({ CFBundleIdentifier: 'com.example.script', CFBundleExecutable: 'Script' });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function writeInfo(info: Record<string, string>): void {
    writeFileSync(join(app, 'Contents', 'Info.plist'), writeXmlPlist(info));
  }

  const part = (name: string) => join(app, 'Contents', '_CodeSignature', name);

  it('puts the parts of the signature beside the seal, and verifies them there', async () => {
    const receipt = await sign({ path: app, inPlace: true, identity: 'adhoc' });
    expect(receipt.files[0]?.slices).toMatchObject([{ arch: 'script', flags: ['adhoc', 'runtime'] }]);
    expect(readFileSync(part('CodeDirectory')).readUInt32BE(0)).toBe(0xfade0c02);
    expect(readFileSync(part('CodeRequirements')).toString('hex')).toBe('fade0c010000000c00000000');
    expect(readFileSync(part('CodeSignature'))).toHaveLength(0);
    await expect(verify({ path: app })).resolves.toMatchObject({ ok: true, findings: [] });
    const { slices } = await inspect({ path: app });
    expect(slices[0]?.signature?.codeDirectories[0]).toMatchObject({
      identifier: 'com.example.script',
      codeSlots: 1,
      pageSize: 0,
    });
  });

  it('adds a SHA-1 CodeDirectory for systems before macOS 26, under the name that Apple gave the second one', async () => {
    await sign({ path: app, inPlace: true, identity: 'adhoc', compat: 'macos-12' });
    expect(readFileSync(part('CodeDirectory'))[37]).toBe(1);
    expect(readFileSync(part('CodeRequirements-1'))[37]).toBe(2);
    await expect(verify({ path: app })).resolves.toMatchObject({ ok: true });
  });

  it.each([
    ['the script', () => join(app, 'Contents', 'MacOS', 'Script'), 'hello', 'jello', 'MODIFIED_CODE'],
    [
      'the Info.plist',
      () => join(app, 'Contents', 'Info.plist'),
      'com.example',
      'org.example',
      'MODIFIED_INFO_PLIST',
    ],
    ['the requirements', () => part('CodeRequirements'), '\x00\x0c', '\x00\x0d', 'MALFORMED'],
    ['the seal', () => part('CodeResources'), '1010', '1011', 'SEALED_RESOURCE'],
  ])('finds a change of %s', async (_, path, from, to, code) => {
    await sign({ path: app, inPlace: true, identity: 'adhoc' });
    writeFileSync(path(), readFileSync(path(), 'latin1').replace(from, to), 'latin1');
    const { ok, findings } = await verify({ path: app });
    expect({ ok, codes: findings.map((finding) => finding.code) }).toEqual({ ok: false, codes: [code] });
  });

  it('signs a bundle without a program by its Info.plist', async () => {
    rmSync(join(app, 'Contents', 'MacOS'), { recursive: true });
    writeInfo({ CFBundleIdentifier: 'com.example.resources' });
    await sign({ path: app, inPlace: true, identity: 'adhoc' });
    await expect(verify({ path: app })).resolves.toMatchObject({ ok: true, findings: [] });
    writeInfo({ CFBundleIdentifier: 'com.example.other' });
    await expect(verify({ path: app })).resolves.toMatchObject({ ok: false });
  });
});
