import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, removeSignature } from '../../src/engine/index.js';
import { writeXmlPlist } from '../../src/engine/system/plist/write-xml.js';
import { temporaryFolders } from '../temporary-folder.js';
import { compile, GREETING, UNIVERSAL, type ProgramShape } from './clang.js';
import { describeOnMac } from './describe-on.js';
import { differenceBetween, withoutStaleBytes } from './differing-bytes.js';
import { runTool } from './run-tool.js';
import { copyInto, signTwice } from './signed-twice.js';
import type { SigningWish } from './signing-wish.js';
import { thisMac } from './this-mac.js';
import { ourVerdict, theirVerdict } from './verdict.js';

const newFolder = temporaryFolders('native-macho');

function program(shape: ProgramShape): { path: string; folder: string } {
  const folder = newFolder();
  const path = join(folder, 'tool');
  compile(path, shape);
  return { path, folder };
}

function entitlements(): string {
  const path = join(newFolder(), 'entitlements.plist');
  writeFileSync(
    path,
    writeXmlPlist({ 'com.apple.security.cs.allow-jit': true, 'com.example.list': ['a', 'b'] }),
  );
  return path;
}

const SHAPES: readonly (readonly [string, ProgramShape])[] = [
  ['an arm64 program', { archs: ['arm64'] }],
  ['an x86_64 program', { archs: ['x86_64'] }],
  ['a universal program', { archs: UNIVERSAL }],
  ['a universal library', { archs: UNIVERSAL, kind: 'library' }],
  ['a program for macOS 10.9', { archs: ['x86_64'], minimum: '10.9' }],
];

const WISHES: readonly (readonly [string, () => SigningWish])[] = [
  ['an identifier', () => ({ identifier: 'com.example.tool' })],
  ['the hardened runtime', () => ({ flags: ['runtime'] })],
  ['another version of the runtime', () => ({ flags: ['runtime'], runtimeVersion: '12.1' })],
  ['other flags', () => ({ flags: ['hard', 'kill', 'library-validation'] })],
  ['entitlements', () => ({ entitlements: entitlements(), flags: ['runtime'] })],
  ['requirements', () => ({ requirements: 'designated => identifier "com.example.tool" and anchor apple' })],
];

describeOnMac('beside codesign, signed ad-hoc', () => {
  it.each(SHAPES)('%s has the same bytes, and both accept both', async (_, shape) => {
    const { path, folder } = program(shape);
    const { ours, theirs } = await signTwice(path, folder);
    expect(differenceBetween(readFileSync(ours), readFileSync(theirs))).toBeUndefined();
    expect(theirVerdict(ours)).toEqual({ ok: true, words: '' });
    expect(await ourVerdict(theirs)).toEqual({ ok: true, words: '' });
  });

  it.each(WISHES)('a universal program with %s has the same bytes', async (_, wish) => {
    const { path, folder } = program({ archs: UNIVERSAL });
    const { ours, theirs } = await signTwice(path, folder, { wish: wish() });
    expect(differenceBetween(readFileSync(ours), readFileSync(theirs))).toBeUndefined();
    expect(theirVerdict(ours).ok).toBe(true);
  });

  it('what the linker had signed has the same bytes, but for those that its signature leaves behind', async () => {
    const { path, folder } = program({ archs: UNIVERSAL, signedByLinker: true });
    const { ours, theirs } = await signTwice(path, folder);
    expect(differenceBetween(readFileSync(ours), await withoutStaleBytes(theirs))).toBeUndefined();
  });

  it('what codesign had signed has the same bytes again, with the same exception', async () => {
    const { path, folder } = program({ archs: UNIVERSAL });
    const first = await signTwice(path, folder, { wish: { entitlements: entitlements() } });
    const { ours, theirs } = await signTwice(first.theirs, folder);
    expect(differenceBetween(readFileSync(ours), await withoutStaleBytes(theirs))).toBeUndefined();
  });
});

describeOnMac('the kernel', () => {
  it.each([
    ['thin', [process.arch === 'arm64' ? 'arm64' : 'x86_64']],
    ['universal', UNIVERSAL],
  ] as const)('runs a %s program that we signed, hardened', async (_, archs) => {
    const { path, folder } = program({ archs });
    const { ours } = await signTwice(path, folder, { wish: { flags: ['runtime'] } });
    expect(runTool(ours, []).stdout).toBe(GREETING);
  });
});

describeOnMac('beside codesign --remove-signature', () => {
  it.each([
    ['a signed program', false],
    ['what the linker signed', true],
  ])('%s has the same bytes', async (_, signedByLinker) => {
    const { path, folder } = program({ archs: UNIVERSAL, signedByLinker });
    const signed = signedByLinker ? path : (await signTwice(path, folder)).theirs;
    const theirs = copyInto(mkdtempSync(join(folder, 'removed-')), signed);
    runTool('codesign', ['--remove-signature', theirs]);
    const ours = join(mkdtempSync(join(folder, 'removed-')), 'tool');
    await removeSignature({ path: signed, outputPath: ours, compat: thisMac() });
    expect(differenceBetween(readFileSync(ours), readFileSync(theirs))).toBeUndefined();
  });
});

describeOnMac('beside lipo', () => {
  it('a universal file has the architectures that we see, and each is signed by itself', async () => {
    const { path, folder } = program({ archs: UNIVERSAL });
    const { ours } = await signTwice(path, folder);
    const archs = runTool('lipo', ['-archs', ours]).stdout.trim().split(/\s+/);
    const { slices } = await inspect({ path: ours });
    expect(slices.map((slice) => 'arch' in slice && slice.arch)).toEqual(archs);
    for (const arch of archs) {
      const thin = join(folder, `tool-${arch}`);
      runTool('lipo', [ours, '-thin', arch, '-output', thin]);
      expect(theirVerdict(thin)).toEqual({ ok: true, words: '' });
      expect(await ourVerdict(thin)).toEqual({ ok: true, words: '' });
    }
  });
});
