import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../test/fixtures/apple-macho.js';
import { labSurroundings } from '../../test/lab-surroundings.js';
import { APP, simpleApp } from '../../test/macho/bundle-tree.js';
import { CPUS, machOFile, type CpuName } from '../../test/macho/macho-file.js';
import { universalFile } from '../../test/macho/universal-file.js';
import { describeWhen } from '../../test/oracles/oracle.js';
import { refusal } from '../../test/refusal.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { plant, snapshot, type Tree } from '../../test/tree.js';
import { inspect } from './inspect.js';
import { removeSignature, type RemoveSignatureOptions } from './remove-signature.js';
import { sign } from './sign.js';
import type { ErrorCode } from './system/error.js';

const newFolder = temporaryFolders('remove-signature');

const removeIn = (folder: string, options: Partial<RemoveSignatureOptions> = {}) =>
  removeSignature({ path: 'tool', outputPath: 'out', ...options }, labSurroundings(folder));

async function signedIn(tool: Uint8Array, mode = 0o755): Promise<string> {
  const folder = newFolder();
  plant(folder, { tool: { data: tool, mode } });
  await sign({ path: 'tool', inPlace: true, identity: 'adhoc', identifier: 'tool' }, labSurroundings(folder));
  return folder;
}

describe('when a signature is removed', () => {
  it.each(Object.keys(CPUS) as CpuName[])('nothing is left of it, and the mode is kept: %s', async (cpu) => {
    const original = machOFile({ cpu });
    const folder = await signedIn(original, 0o555);
    const { outputPath } = await removeIn(folder);
    const { slices } = await inspect({ path: outputPath });
    expect(slices).toMatchObject([{ arch: cpu, signature: null }]);
    expect(statSync(outputPath).mode & 0o777).toBe(0o555);
    expect(statSync(outputPath).size - original.length).toBeLessThan(16);
  });

  it('what is left can be signed again, and has the same bytes each time it is', async () => {
    const folder = await signedIn(universalFile([machOFile({ cpu: 'x86_64' }), machOFile()]));
    await removeIn(folder);
    const again = { path: 'out', outputPath: 'again', identity: 'adhoc', identifier: 'tool' };
    await sign(again, labSurroundings(folder));
    await removeIn(folder, { path: 'again', outputPath: 'out-again' });
    const [one, two] = ['out', 'out-again'].map((name) => readFileSync(join(folder, name)).toString('hex'));
    expect(two).toBe(one);
  });

  it('architectures without one stay as they are', async () => {
    const folder = await signedIn(machOFile());
    const unsigned = machOFile({ cpu: 'x86_64' });
    plant(folder, { mixed: universalFile([unsigned, readFileSync(join(folder, 'tool'))], 14) });
    await removeIn(folder, { path: 'mixed' });
    const { slices } = await inspect({ path: join(folder, 'out') });
    expect(slices.map(({ signature }) => signature)).toEqual([null, null]);
    const { offset, size } = slices[0]!;
    expect(
      readFileSync(join(folder, 'out'))
        .subarray(offset, offset + size)
        .equals(unsigned),
    ).toBe(true);
  });

  it('in place, the original is replaced', async () => {
    const folder = await signedIn(machOFile());
    await removeIn(folder, { outputPath: undefined, inPlace: true });
    await expect(removeIn(folder)).rejects.toEqual(refusal('NOT_SIGNED', 'not signed at all'));
    expect(Object.keys(snapshot(folder))).toEqual(['tool']);
  });
});

describe('when a signature cannot be removed, nothing is lost:', () => {
  const cases: [string, Tree, Partial<RemoveSignatureOptions>, ErrorCode, string][] = [
    ['there is none', { tool: machOFile() }, {}, 'NOT_SIGNED', 'not signed at all'],
    ['it is no program', { tool: '#!/bin/sh\n' }, {}, 'NOT_SIGNABLE', 'not a Mach-O'],
    ['it is not there', {}, {}, 'NOT_FOUND', 'tool'],
    ['it is a bundle', simpleApp(), { path: APP }, 'UNSUPPORTED', 'is a folder'],
    [
      'something follows it',
      { tool: Buffer.concat([machOFile({ signature: new Uint8Array(64) }), Buffer.alloc(100)]) },
      {},
      'SIGNATURE_NOT_AT_END',
      '100 bytes follow',
    ],
    [
      'an unknown profile is asked for',
      { tool: machOFile() },
      { compat: 'macos-9' as 'macos-26' },
      'INVALID_OPTION',
      'macos-9',
    ],
    [
      'there is no place for the result',
      { tool: machOFile() },
      { outputPath: undefined },
      'INVALID_OPTION',
      '',
    ],
  ];

  it.each(cases)('%s', async (_, tree, options, code, message) => {
    const folder = newFolder();
    plant(folder, { out: 'earlier', ...tree });
    const before = snapshot(folder);
    const removing =
      options.path === APP ? removeIn(folder, { ...options, outputPath: 'new' }) : removeIn(folder, options);
    await expect(removing).rejects.toEqual(refusal(code, message));
    expect(snapshot(folder)).toEqual(before);
  });
});

describeWhen(hasAppleFixtures, MISSING_FIXTURES, "when Apple's codesign did the same on macOS 11", () => {
  let fixtures: AppleFixtures;
  beforeAll(() => {
    fixtures = unpackAppleFixtures();
  });
  afterAll(() => {
    fixtures.remove();
  });

  it('the file comes out the same to the byte', async () => {
    const folder = join(fixtures.folder, 'cli-x86_64-arm64');
    const [name] = Object.keys(snapshot(join(folder, 'us'))).filter((each) => !each.includes('/'));
    await removeIn(folder, { path: `us/${name}`, outputPath: 'out', compat: 'macos-11' });
    expect(readFileSync(join(folder, 'out')).equals(readFileSync(join(folder, 'usr', name ?? '')))).toBe(
      true,
    );
  });
});
