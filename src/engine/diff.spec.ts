import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  hasAppleFixtures,
  MISSING_FIXTURES,
  unpackAppleFixtures,
  type AppleFixtures,
} from '../../test/fixtures/apple-macho.js';
import { describeWhen } from '../../test/oracles/oracle.js';
import { diff, sign, type SignOptions } from './index.js';

describeWhen(hasAppleFixtures, MISSING_FIXTURES, 'when two builds of an app are compared', () => {
  let fixtures: AppleFixtures;
  let folder: string;
  let app: string;
  beforeAll(() => {
    fixtures = unpackAppleFixtures();
    folder = mkdtempSync(join(tmpdir(), 'diff-'));
    app = join(fixtures.folder, 'app-arm64', 'u', 'Sample.app');
  });
  afterAll(() => {
    fixtures.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = () => ({ NX_CODESIGN_HOME: join(folder, 'home') });

  /** Signs a copy in which one resource is another. */
  async function build(name: string, options: Partial<SignOptions>): Promise<string> {
    const copy = join(folder, name, 'Sample.app');
    cpSync(app, copy, { recursive: true, verbatimSymlinks: true });
    appendFileSync(join(copy, 'Contents', 'Resources', 'Sample.icns'), name);
    writeFileSync(join(copy, 'Contents', 'Resources', `${name}.txt`), name);
    await sign({ path: copy, inPlace: true, hardenedRuntime: false, ...options }, { env: env() });
    return copy;
  }

  it('keeps permissions with the self-signed identity, and names what changed', async () => {
    const against = await build('one', { identity: 'self-signed' });
    const path = await build('two', {
      identity: 'self-signed',
      entitlements: { 'com.apple.security.network.client': true },
    });
    const { keepsPermissions, unmet, requirement, changes, files } = await diff({ path, against });
    expect({ keepsPermissions, unmet, same: requirement.before === requirement.after }).toEqual({
      keepsPermissions: true,
      unmet: [],
      same: true,
    });
    expect(changes.map(({ what }) => what)).toEqual([
      'cdhash',
      'sealed resources',
      'entitlement com.apple.security.network.client',
    ]);
    expect(files).toEqual([
      { path: 'Resources/Sample.icns', change: 'changed' },
      { path: 'Resources/one.txt', change: 'removed' },
      { path: 'Resources/two.txt', change: 'added' },
    ]);
  });

  it('says that ad-hoc builds lose permissions, and by which clause', async () => {
    const against = await build('three', { identity: 'adhoc' });
    const path = await build('four', { identity: 'adhoc' });
    const { keepsPermissions, unmet, requirement } = await diff({ path, against });
    expect({ keepsPermissions, unmet }).toEqual({ keepsPermissions: false, unmet: [requirement.before] });
  });

  it('finds no difference between a build and itself', async () => {
    const path = await build('five', { identity: 'adhoc' });
    await expect(diff({ path, against: path })).resolves.toMatchObject({
      keepsPermissions: true,
      changes: [],
      files: [],
    });
  });

  it('refuses what is not signed', async () => {
    await expect(diff({ path: app, against: app })).rejects.toMatchObject({ code: 'NOT_SIGNED' });
  });
});
