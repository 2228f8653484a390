import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patchedSource } from '../../bytes/patch.js';
import { readBytes, sourceOf } from '../../bytes/source.js';
import {
  filesBelow,
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../../../test/fixtures/apple-macho.js';
import { describeWhen } from '../../../../test/oracles/oracle.js';
import { COMPAT } from '../compat.js';
import { readMachOFile } from '../macho/read-file.js';
import { signMachO, type Signer } from './sign-macho.js';

const EMPTY_REQUIREMENTS = Uint8Array.from(Buffer.from('fade0c010000000c00000000', 'hex'));
const adhocOnMacOS11: Signer = {
  compat: COMPAT['macos-11'],
  teamId: undefined,
  signCms: undefined,
  requirementsFor: () => EMPTY_REQUIREMENTS,
};

async function signAdhoc(unsigned: Uint8Array, path: string): Promise<Uint8Array> {
  const file = await readMachOFile(sourceOf(unsigned));
  const request = {
    path,
    identifier: undefined,
    flags: 0,
    runtimeVersion: undefined,
    requirements: undefined,
    entitlements: undefined,
    headerRoom: 'refuse' as const,
    infoPlist: undefined,
    resources: undefined,
  };
  const { patches } = await signMachO(file, request, adhocOnMacOS11);
  const signed = patchedSource(file.source, patches);
  return readBytes(signed, 0, signed.size);
}

describeWhen(
  hasAppleFixtures,
  MISSING_FIXTURES,
  "when Apple's codesign signed the same file ad-hoc on macOS 11",
  () => {
    let fixtures: AppleFixtures;
    beforeAll(() => {
      fixtures = unpackAppleFixtures();
    });
    afterAll(() => {
      fixtures.remove();
    });

    it('writes the same bytes for every tool and library, in every architecture', async () => {
      const different: string[] = [];
      let compared = 0;
      for (const name of fixtures.names.filter((each) => !each.startsWith('app-'))) {
        for (const file of filesBelow(join(fixtures.folder, name, 'u'))) {
          const ofApple = join(fixtures.folder, name, 'us', file);
          if (!existsSync(ofApple)) continue;
          const unsigned = readFileSync(join(fixtures.folder, name, 'u', file));
          const ours = await signAdhoc(unsigned, file);
          if (!Buffer.from(ours).equals(readFileSync(ofApple))) different.push(`${name}/${file}`);
          compared++;
        }
      }
      expect({ different, compared }).toEqual({ different: [], compared: 18 });
    });
  },
);
