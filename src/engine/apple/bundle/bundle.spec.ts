import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeXmlPlist } from '../../system/plist/write-xml.js';
import { openBundle } from './bundle.js';

describe('a bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  // An Info.plist is whatever somebody put there: the name must neither leave the bundle nor upset the file system.
  it.each(['../outside', 'folder/program', '..', 'pro\u0000gram'])(
    'whose executable is called %j has an invalid Info.plist',
    async (name) => {
      writeFileSync(join(folder, 'Info.plist'), writeXmlPlist({ CFBundleExecutable: name }));
      await expect(openBundle(folder)).rejects.toMatchObject({ code: 'INVALID_INFO_PLIST' });
    },
  );
});
