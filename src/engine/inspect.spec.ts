import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  filesBelow,
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../test/fixtures/apple-macho.js';
import { pemFile } from '../../test/key-files.js';
import { LAB_TIME, labSurroundings } from '../../test/lab-surroundings.js';
import { APP, MAIN, nestedApp } from '../../test/macho/bundle-tree.js';
import { machOFile } from '../../test/macho/macho-file.js';
import { universalFile } from '../../test/macho/universal-file.js';
import { describeWhen } from '../../test/oracles/oracle.js';
import { TEAM, testPki } from '../../test/pki/test-pki.js';
import { refusal } from '../../test/refusal.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { plant } from '../../test/tree.js';
import { inspect } from './inspect.js';
import { sign } from './sign.js';

const aString = expect.any(String) as string;
const newFolder = temporaryFolders('inspect');

describe('when a program is inspected', () => {
  it('an unsigned one has slices without a signature', async () => {
    const folder = newFolder();
    plant(folder, { tool: universalFile([machOFile({ cpu: 'ppc' }), machOFile()]) });
    await expect(inspect({ path: 'tool' }, labSurroundings(folder))).resolves.toEqual({
      format: 'macho',
      slices: [
        { arch: 'ppc', offset: 4096, size: machOFile({ cpu: 'ppc' }).length, signature: null },
        { arch: 'arm64', offset: 12288, size: machOFile().length, signature: null },
      ],
    });
  });

  it('a signed one tells all that its signature says', async () => {
    const folder = newFolder();
    plant(folder, { tool: machOFile({ codeSize: 40_000 }) });
    const identity = pemFile(folder, testPki.appleDevelopment());
    const entitlements = { 'a.b': ['x', 1n], 'c.d': { nested: false } };
    const options = {
      path: 'tool',
      inPlace: true,
      identity,
      entitlements,
      flags: ['kill'],
      timestamp: false,
    };
    await sign({ ...options, identifier: 'com.example.tool' }, labSurroundings(folder));
    const { slices } = await inspect({ path: 'tool' }, labSurroundings(folder));
    const { signature, size } = slices[0]!;
    expect(signature).toMatchObject({
      isRequirementImplicit: false,
      entitlements: { 'a.b': ['x', 1], 'c.d': { nested: false } },
      signingTime: LAB_TIME.toISOString(),
      timestamp: null,
      certificates: [{ kind: 'Apple Development' }, { kind: null }, { kind: null }],
    });
    expect(signature!.codeDirectories).toEqual([
      {
        hashType: 'sha256',
        cdhash: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
        version: 0x20500,
        flags: 0x10200,
        flagNames: ['kill', 'runtime'],
        identifier: 'com.example.tool',
        teamId: TEAM,
        pageSize: 16384,
        codeLimit: size - signature!.reservedSize,
        specialSlots: { 2: aString, 5: aString, 7: aString },
        codeSlots: 3,
        runtimeVersion: '13.3.0',
        execSegment: { base: 0, limit: expect.any(Number) as number, flags: 1 },
      },
    ]);
    expect(JSON.parse(JSON.stringify(signature)) as unknown).toEqual(signature);
  });

  it('a bundle is what its main executable is', async () => {
    const folder = newFolder();
    plant(folder, nestedApp());
    const lab = labSurroundings(folder);
    await sign({ path: APP, inPlace: true, identity: 'adhoc' }, lab);
    const [whole, main] = [await inspect({ path: APP }, lab), await inspect({ path: MAIN }, lab)];
    expect(whole).toEqual({ format: 'bundle', slices: main.slices });
    expect(whole.slices[0]!.signature!.designatedRequirement).toMatch(/^cdhash H"[0-9a-f]{40}"$/);
  });

  it.each([
    ['absent', 'NOT_FOUND'],
    ['script', 'NOT_SIGNABLE'],
    ['cut', 'MALFORMED'],
    ['pipe', 'INVALID_OPTION'],
    ['folder', 'INVALID_BUNDLE'],
  ] as const)('what cannot be read is named: %s', async (path, code) => {
    const folder = newFolder();
    plant(folder, { script: '#!/bin/sh\n', cut: machOFile().subarray(0, 99), 'folder/file': '' });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(inspect({ path }, labSurroundings(folder))).rejects.toEqual(
      refusal(code, join(folder, path)),
    );
  });
});

/** Magic and length, big-endian, begin every blob; the offset of the identifier follows at 20. */
const CODE_DIRECTORY = Buffer.from('fade0c02', 'hex');

/** Identifier and cdhash of every CodeDirectory, found by nothing but its magic. */
function directoriesIn(file: Buffer): { identifier: string; cdhash: string }[] {
  const found: { identifier: string; cdhash: string }[] = [];
  for (let at = file.indexOf(CODE_DIRECTORY); at >= 0; at = file.indexOf(CODE_DIRECTORY, at + 4)) {
    const blob = file.subarray(at, at + file.readUInt32BE(at + 4));
    const start = blob.readUInt32BE(20);
    const identifier = blob.toString('utf8', start, blob.indexOf(0, start));
    const algorithm = blob[37] === 1 ? 'sha1' : 'sha256';
    found.push({ identifier, cdhash: createHash(algorithm).update(blob).digest('hex').slice(0, 40) });
  }
  return found;
}

describeWhen(
  hasAppleFixtures,
  MISSING_FIXTURES,
  "when a file that Apple's codesign signed is inspected",
  () => {
    let fixtures: AppleFixtures;
    beforeAll(() => {
      fixtures = unpackAppleFixtures();
    });
    afterAll(() => {
      fixtures.remove();
    });

    it('identifiers and cdhashes are those in the file', async () => {
      let directories = 0;
      for (const name of fixtures.names.filter((each) => !each.startsWith('app-'))) {
        for (const file of filesBelow(join(fixtures.folder, name, 'us'))) {
          const path = join(fixtures.folder, name, 'us', file);
          const { slices } = await inspect({ path });
          const told = slices.flatMap(({ signature }) => signature!.codeDirectories);
          const facts = told.map(({ identifier, cdhash }) => ({ identifier, cdhash }));
          const byText = (list: typeof facts) => list.map((each) => JSON.stringify(each)).sort();
          expect(byText(facts)).toEqual(byText(directoriesIn(readFileSync(path))));
          directories += facts.length;
        }
      }
      expect(directories).toBeGreaterThan(30);
    });
  },
);
