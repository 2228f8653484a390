import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  filesBelow,
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../test/fixtures/apple-macho.js';
import { labSurroundings } from '../../test/lab-surroundings.js';
import { machOFile } from '../../test/macho/macho-file.js';
import { universalFile } from '../../test/macho/universal-file.js';
import { EDGES, mutate } from '../../test/macho/mutate.js';
import { describeWhen } from '../../test/oracles/oracle.js';
import { testPki } from '../../test/pki/test-pki.js';
import { seededRandom } from '../../test/seeded-random.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { snapshot } from '../../test/tree.js';
import { machMagic } from './apple/macho/layout.js';
import { readMachO } from './apple/macho/read.js';
import { sourceOf } from './bytes/source.js';
import { inspect } from './inspect.js';
import { removeSignature } from './remove-signature.js';
import { sign } from './sign.js';
import { SigningError } from './system/error.js';
import { verify } from './verify.js';

const isSlow = process.env.SLOW === '1';
const MUTANTS = isSlow ? 5000 : 250;
const SEED = 20260304;

const newFolder = temporaryFolders('mutations');
const info = '<plist><dict><key>CFBundleIdentifier</key><string>com.example.tool</string></dict></plist>';
const thin = machOFile({
  infoPlist: info,
  uuid: new Uint8Array(16).fill(7),
  dylibs: ['/usr/lib/libSystem.B.dylib'],
});
const old = machOFile({ cpu: 'i386', version: 'minimum', minimum: 0x000a0900 });

/** What the verbs make of one file: where they throw, the error. */
async function throughTheVerbs(folder: string, file: Uint8Array): Promise<unknown[]> {
  const path = join(folder, 'tool');
  writeFileSync(path, file);
  const surroundings = labSurroundings(folder);
  const errors: unknown[] = [];
  const attempt = async (work: () => Promise<unknown>) => {
    const { user, system } = process.cpuUsage();
    await work().catch((error: unknown) => errors.push(error));
    const used = process.cpuUsage({ user, system });
    if (used.user + used.system > 1_000_000) errors.push(new Error('more than a second of work'));
  };
  const outputPath = join(folder, 'out');
  await attempt(() => sign({ path, outputPath, identity: 'adhoc', entitlements: { a: true } }, surroundings));
  await attempt(() => removeSignature({ path, outputPath }, surroundings));
  await attempt(() => verify({ path, requirement: 'identifier "a" and anchor apple' }, surroundings));
  await attempt(() => inspect({ path }, surroundings));
  if (!Buffer.from(file).equals(readFileSync(path))) errors.push(new Error('the input was changed'));
  const left = Object.keys(snapshot(folder)).filter((name) => name !== 'tool' && name !== 'out');
  if (left.length > 0) errors.push(new Error(`left behind: ${left.join(', ')}`));
  return errors;
}

function isExpected(error: unknown): boolean {
  return error instanceof SigningError && error.message !== '' && error.hint !== undefined;
}

async function signedWithKey(name: string, file: Uint8Array): Promise<Uint8Array> {
  const folder = newFolder();
  const { certificatePem, chainPem, privateKeyPem } = testPki.developerIdApplication();
  writeFileSync(join(folder, 'key.pem'), certificatePem + chainPem + privateKeyPem);
  writeFileSync(join(folder, name), file);
  await sign(
    { path: name, outputPath: 'signed', identity: 'key.pem', timestamp: false, entitlements: { b: true } },
    labSurroundings(folder),
  );
  return readFileSync(join(folder, 'signed'));
}

describe('when a file is damaged in any way', () => {
  it.each([
    ['an unsigned one', async () => thin],
    ['a signed one', () => signedWithKey('tool', thin)],
    ['one with two CodeDirectories', () => signedWithKey('tool', old)],
    ['a universal one', () => signedWithKey('tool', universalFile([old, thin]))],
  ])(
    'every verb ends soon, with a result or an error that says what to do: %s',
    async (_, make) => {
      const original = await make();
      const folder = newFolder();
      const random = seededRandom(SEED);
      for (let i = 0; i < MUTANTS / 4; i++) {
        const { data, what } = mutate(original, random);
        const errors = await throughTheVerbs(folder, data);
        const wrong = errors.filter((error) => !isExpected(error));
        expect({ mutant: `${i}: ${what}`, wrong }).toEqual({ mutant: `${i}: ${what}`, wrong: [] });
      }
    },
    600_000,
  );
});

describe('when one number in the header or the signature lies', () => {
  it.each([
    ['an unsigned file', async () => [thin, 0] as const],
    ['a signed file', async () => [await signedWithKey('tool', thin), 0] as const],
    ['a signature', async () => signatureIn(await signedWithKey('tool', thin))],
    ['a universal file', async () => [universalFile([old, thin]), 0] as const],
  ])(
    'every verb ends soon, with a result or an error that says what to do: %s',
    async (_, make) => {
      const [original, start] = await make();
      const folder = newFolder();
      const random = seededRandom(SEED);
      for (let at = start; at < start + LYING_BYTES; at += isSlow ? 4 : 12) {
        const values = isSlow ? EDGES : [random.pick(EDGES)];
        for (const value of values) {
          const errors = await throughTheVerbs(folder, withNumber(original, at, value));
          const wrong = errors.filter((error) => !isExpected(error));
          expect({ value, at, wrong }).toEqual({ value, at, wrong: [] });
        }
      }
    },
    600_000,
  );
});

/** Mach-O header and commands, or super blob, requirements and the head of the CodeDirectory. */
const LYING_BYTES = 600;

async function signatureIn(signed: Uint8Array): Promise<readonly [Uint8Array, number]> {
  const { codeSignature } = await readMachO(sourceOf(signed));
  return [signed, codeSignature!.offset];
}

function withNumber(original: Uint8Array, at: number, value: number): Uint8Array {
  const data = original.slice();
  // In a Mach-O header numbers are little-endian, in a signature and a universal header big-endian.
  const isLittle = at < 4096 && machMagic(original) !== undefined;
  new DataView(data.buffer).setUint32(at, value, isLittle);
  return data;
}

describe('when a file ends too early', () => {
  it.each([
    ['unsigned', async () => machOFile({ codeSize: 40, headerPadding: 20 })],
    ['signed', () => signedWithKey('tool', machOFile({ codeSize: 40, headerPadding: 20 }))],
  ])(
    'every verb says so, wherever it is cut: %s',
    async (_, make) => {
      const original = await make();
      const folder = newFolder();
      const step = isSlow ? 1 : Math.ceil(original.length / 150);
      for (let length = 0; length < original.length; length += step) {
        const errors = await throughTheVerbs(folder, original.subarray(0, length));
        const wrong = errors.filter((error) => !isExpected(error));
        expect({ length, wrong }).toEqual({ length, wrong: [] });
      }
    },
    600_000,
  );
});

describeWhen(
  hasAppleFixtures,
  MISSING_FIXTURES,
  "when a file that Apple's codesign signed ends too early",
  () => {
    let fixtures: AppleFixtures;
    beforeAll(() => {
      fixtures = unpackAppleFixtures();
    });
    afterAll(() => {
      fixtures.remove();
    });

    it('every verb says so, wherever it is cut', async () => {
      const folder = newFolder();
      const random = seededRandom(SEED);
      for (const name of fixtures.names.filter((each) => !each.startsWith('app-'))) {
        for (const file of filesBelow(join(fixtures.folder, name, 'us'))) {
          const original = readFileSync(join(fixtures.folder, name, 'us', file));
          for (let i = 0; i < (isSlow ? 50 : 3); i++) {
            const length = random.below(original.length);
            const errors = await throughTheVerbs(folder, original.subarray(0, length));
            const wrong = errors.filter((error) => !isExpected(error));
            expect({ name, file, length, wrong }).toEqual({ name, file, length, wrong: [] });
          }
        }
      }
    }, 600_000);
  },
);
