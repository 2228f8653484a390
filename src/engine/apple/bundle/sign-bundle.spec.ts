import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../../../test/fixtures/apple-macho.js';
import { describeWhen } from '../../../../test/oracles/oracle.js';
import { COMPAT } from '../compat.js';
import { adhocSigner } from '../signature/signer.js';
import { signBundle } from './sign-bundle.js';

/** Every file and link below a folder with what is in it. */
function contentsOf(folder: string): Map<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const content = entry.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, 'latin1');
        return [path.slice(folder.length + 1), content] as const;
      }),
  );
}

describeWhen(
  hasAppleFixtures,
  MISSING_FIXTURES,
  "when Apple's codesign signed the same app ad-hoc on macOS 11",
  () => {
    let fixtures: AppleFixtures;
    beforeAll(() => {
      fixtures = unpackAppleFixtures();
    });
    afterAll(() => {
      fixtures.remove();
    });

    it('writes the same bytes into app and framework, seals included, for every architecture', async () => {
      const apps = fixtures.names.filter((name) => name.startsWith('app-'));
      for (const name of apps) {
        const app = join(fixtures.folder, name, 'u', 'Sample.app');
        await signBundle(
          { path: app, name: '' },
          {
            signer: adhocSigner(COMPAT['macos-11']),
            settingsFor: () => ({
              identifier: undefined,
              flags: 0,
              runtimeVersion: undefined,
              requirements: undefined,
              entitlements: undefined,
              headerRoom: 'refuse',
              preserve: [],
            }),
            onSigned: () => undefined,
          },
        );
        const ours = contentsOf(app);
        const theirs = contentsOf(join(fixtures.folder, name, 'us', 'Sample.app'));
        const different = [...theirs]
          .filter(([path, content]) => ours.get(path) !== content)
          .map(([path]) => path);
        expect({ name, different, files: ours.size }).toEqual({ name, different: [], files: theirs.size });
      }
      expect(apps).toHaveLength(6);
    });
  },
);
