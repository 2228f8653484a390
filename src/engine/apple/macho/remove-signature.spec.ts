import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  filesBelow,
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../../../test/fixtures/apple-macho.js';
import { describeWhen } from '../../../../test/oracles/oracle.js';
import { patchedSource } from '../../bytes/patch.js';
import { readBytes, sourceOf } from '../../bytes/source.js';
import { COMPAT } from '../compat.js';
import { filePatches, readMachOFile } from './read-file.js';
import { removalPatches } from './remove-signature.js';

async function withoutSignature(signed: Uint8Array): Promise<Uint8Array> {
  const file = await readMachOFile(sourceOf(signed));
  const patches = file.machos.map((macho) =>
    macho.codeSignature
      ? removalPatches(macho, { trimsPadding: COMPAT['macos-11'].trimsPadding, shrinksLinkedit: false })
      : [],
  );
  const stripped = patchedSource(file.source, filePatches(file, patches, 'cctools'));
  return readBytes(stripped, 0, stripped.size);
}

describeWhen(
  hasAppleFixtures,
  MISSING_FIXTURES,
  "when Apple's codesign removed the same signature on macOS 11",
  () => {
    let fixtures: AppleFixtures;
    beforeAll(() => {
      fixtures = unpackAppleFixtures();
    });
    afterAll(() => {
      fixtures.remove();
    });

    it.each([
      ['us', 'usr', 'its own'],
      ['a', 'ar', "the linker's"],
    ])('turns every file of %s into that of %s: %s signature', (from, to) => {
      return expect(differences(from, to)).resolves.toEqual([]);
    });

    async function differences(from: string, to: string): Promise<string[]> {
      const different: string[] = [];
      for (const name of fixtures.names.filter((each) => !each.startsWith('app-'))) {
        const folder = join(fixtures.folder, name);
        for (const file of filesBelow(folder).filter((each) => each.startsWith(`${from}/`))) {
          const expected = readFileSync(join(folder, file.replace(from, to)));
          const ours = await withoutSignature(readFileSync(join(folder, file)));
          if (!expected.equals(ours)) different.push(`${name}/${file}`);
        }
      }
      return different;
    }
  },
);
