import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { p12File, PASSWORD, pemFile } from '../../test/key-files.js';
import { LAB_TIME, labSurroundings } from '../../test/lab-surroundings.js';
import { APP, FRAMEWORK_CODE, MAIN, nestedApp, TOOL } from '../../test/macho/bundle-tree.js';
import { CPUS, machOFile, type CpuName } from '../../test/macho/macho-file.js';
import { universalFile } from '../../test/macho/universal-file.js';
import { testPki } from '../../test/pki/test-pki.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { plant, snapshot, type Tree } from '../../test/tree.js';
import { inspect } from './inspect.js';
import { sign, type SignOptions } from './sign.js';
import { silentReporter } from './system/reporter.js';
import { verify } from './verify.js';

const newFolder = temporaryFolders('sign');
const universal = universalFile([machOFile({ cpu: 'x86_64' }), machOFile()]);

function folderWith(tree: Tree): string {
  const folder = newFolder();
  plant(folder, tree);
  return folder;
}

const signIn = (folder: string, options: Partial<SignOptions>) =>
  sign({ path: 'tool', outputPath: 'out/', identity: 'adhoc', ...options }, labSurroundings(folder));

describe('when a program is signed', () => {
  it.each(Object.keys(CPUS) as CpuName[])(
    'the copy verifies, in every width and byte order: %s',
    async (cpu) => {
      const folder = folderWith({ tool: machOFile({ cpu }) });
      const before = readFileSync(join(folder, 'tool'));
      const { files } = await signIn(folder, {});
      expect(files).toMatchObject([{ path: '.', slices: [{ arch: cpu, flags: ['adhoc', 'runtime'] }] }]);
      await expect(verify({ path: join(folder, 'out/tool') })).resolves.toEqual(
        expect.objectContaining({ ok: true, findings: [] }),
      );
      expect(readFileSync(join(folder, 'tool')).equals(before)).toBe(true);
    },
  );

  it.each([0o755, 0o555, 0o700, 0o644])('the copy has the mode of the original: %s', async (mode) => {
    const folder = folderWith({ tool: { data: machOFile(), mode } });
    await signIn(folder, {});
    expect(statSync(join(folder, 'out/tool')).mode & 0o7777).toBe(mode);
  });

  it('in place, the original is replaced, and keeps its mode', async () => {
    const folder = folderWith({ tool: { data: universal, mode: 0o555 } });
    const { outputPath } = await signIn(folder, { outputPath: undefined, inPlace: true });
    expect(outputPath).toBe(join(folder, 'tool'));
    expect(Object.keys(snapshot(folder))).toEqual(['tool']);
    expect(statSync(outputPath).mode & 0o7777).toBe(0o555);
    await expect(verify({ path: outputPath })).resolves.toMatchObject({ ok: true, slices: [{}, {}] });
  });

  it('the receipt says what inspect finds in the file', async () => {
    const folder = folderWith({ tool: universal });
    const { files, ...receipt } = await signIn(folder, { identifier: 'com.example.tool' });
    const { slices } = await inspect({ path: join(folder, 'out/tool') });
    const cdhashes = slices.map(({ signature }) => signature?.codeDirectories.map(({ cdhash }) => cdhash));
    expect(files[0]?.slices.map((slice) => slice.cdhashes.map(({ cdhash }) => cdhash))).toEqual(cdhashes);
    expect(files[0]).toMatchObject({ identifier: 'com.example.tool', teamId: null });
    expect(receipt).toEqual({
      schemaVersion: 1,
      format: 'macho',
      identity: { kind: 'adhoc', source: 'ad-hoc, chosen by the option identity' },
      certificate: null,
      checksum: null,
      signingTime: null,
      timestamp: null,
      warnings: [],
      dryRun: false,
      path: join(folder, 'tool'),
      outputPath: join(folder, 'out/tool'),
    });
  });

  it('a dry run says what it would do, and does nothing', async () => {
    const folder = folderWith(nestedApp());
    const before = snapshot(folder);
    const steps: string[] = [];
    const reporter = { ...silentReporter, step: (text: string) => steps.push(text) };
    const receipt = await sign(
      { path: APP, outputPath: 'out/', identity: 'self-signed', dryRun: true },
      labSurroundings(folder, { reporter }),
    );
    expect(receipt).toMatchObject({ dryRun: true, files: [], identity: { kind: 'certificate' } });
    expect(steps).toEqual([
      'would sign Contents/Frameworks/Part.framework',
      'would sign Contents/MacOS/assistant',
      `would sign ${APP}`,
    ]);
    expect(snapshot(folder)).toEqual(before);
  });
});

describe('when a bundle is signed', () => {
  it('all code in it is signed inside out, links and modes are kept, and it verifies', async () => {
    const folder = folderWith(nestedApp());
    const before = snapshot(join(folder, APP));
    const { files } = await signIn(folder, { path: APP });
    expect(files.map(({ path, identifier }) => [path, identifier])).toEqual([
      ['Contents/Frameworks/Part.framework', 'com.example.part'],
      ['Contents/MacOS/assistant', expect.stringMatching(/^assistant-[0-9a-f]{40}$/)],
      ['.', 'com.example.tool'],
    ]);
    const after = snapshot(join(folder, 'out', APP));
    const seals = Object.keys(after).filter((name) => !(name in before));
    expect(seals).toEqual([
      'Contents/Frameworks/Part.framework/Versions/A/_CodeSignature',
      'Contents/Frameworks/Part.framework/Versions/A/_CodeSignature/CodeResources',
      'Contents/_CodeSignature',
      'Contents/_CodeSignature/CodeResources',
    ]);
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    expect(changed.map((name) => `${APP}/${name}`).sort()).toEqual([FRAMEWORK_CODE, MAIN, TOOL].sort());
    expect(snapshot(join(folder, APP))).toEqual(before);
    await expect(verify({ path: join(folder, 'out', APP) })).resolves.toMatchObject({
      ok: true,
      findings: [],
    });
  });

  it('an earlier output gives way as a whole', async () => {
    const folder = folderWith({ ...nestedApp(), [`out/${APP}/Contents/Resources/stale.txt`]: 'stale' });
    await signIn(folder, { path: APP });
    expect(Object.keys(snapshot(join(folder, 'out')))).not.toContain(`${APP}/Contents/Resources/stale.txt`);
    expect(Object.keys(snapshot(folder)).filter((name) => name.includes('.nx-'))).toEqual([]);
  });

  it('nested code has the settings of its path', async () => {
    const folder = folderWith(nestedApp());
    await signIn(folder, {
      path: APP,
      entitlements: { 'com.apple.security.app-sandbox': true },
      flags: ['library-validation'],
      paths: {
        'Contents/MacOS/*': {
          identifier: 'com.example.assistant',
          entitlements: { 'com.apple.security.inherit': true },
          hardenedRuntime: false,
        },
      },
    });
    const at = async (path: string) =>
      (await inspect({ path: join(folder, 'out', path) })).slices[0]!.signature!;
    const [main, tool, framework] = [await at(APP), await at(TOOL), await at(FRAMEWORK_CODE)];
    expect(main.entitlements).toEqual({ 'com.apple.security.app-sandbox': true });
    expect(tool.entitlements).toEqual({ 'com.apple.security.inherit': true });
    expect(framework.entitlements).toBeNull();
    expect(tool.codeDirectories[0]).toMatchObject({
      identifier: 'com.example.assistant',
      flagNames: ['adhoc', 'library-validation'],
    });
    expect(framework.codeDirectories[0]!.flagNames).toEqual(['adhoc', 'library-validation', 'runtime']);
  });
});

const folderOfKeys = newFolder();
const identities: [string, () => SignOptions['identity']][] = [
  ['ad-hoc', () => 'adhoc'],
  ['self-signed', () => 'self-signed'],
  ['by a PEM file', () => pemFile(folderOfKeys, testPki.developerIdApplication())],
  [
    'by a PKCS#12 file',
    () => ({ p12: p12File(folderOfKeys, testPki.appleDevelopment()), passwordEnv: 'PW' }),
  ],
];
const inputs: [string, Tree, string][] = [
  ['a thin file', { tool: machOFile({ cpu: 'x86_64', minimum: 0x000a0900 }) }, 'tool'],
  ['a universal file', { tool: universal }, 'tool'],
  ['a bundle', nestedApp(), APP],
];

describe.each(identities)('when the same is signed twice, %s', (_, identity) => {
  const home = newFolder();
  const signAt = (folder: string, path: string, inPlace = false) =>
    sign(
      { path, ...(inPlace ? { inPlace } : { outputPath: 'out/' }), identity: identity(), timestamp: false },
      labSurroundings(home, { cwd: folder, env: { PW: PASSWORD, NX_CODESIGN_HOME: join(home, 'config') } }),
    );

  it.each(inputs)('%s comes out the same to the byte', async (__, tree, path) => {
    const [one, two] = [folderWith(tree), folderWith(tree)];
    await signAt(one, path);
    await signAt(two, path);
    expect(snapshot(join(one, 'out'))).toEqual(snapshot(join(two, 'out')));
  });

  it.each(inputs)(
    'one over the other, %s does not change any more, and never grows',
    async (__, tree, path) => {
      const folder = folderWith(tree);
      await signAt(folder, path, true);
      const once = snapshot(folder);
      await signAt(folder, path, true);
      await signAt(folder, path, true);
      expect(snapshot(folder)).toEqual(once);
    },
  );
});

describe('when a program without a UUID is signed ad-hoc again and again', () => {
  it("it gets another identifier, as codesign's does, but never grows", async () => {
    const folder = folderWith({ tool: machOFile({ uuid: 'none' }) });
    const again = () => signIn(folder, { outputPath: undefined, inPlace: true });
    const [first, second, third] = [await again(), await again(), await again()];
    expect(first.files[0]!.identifier).not.toBe(second.files[0]!.identifier);
    const { size } = statSync(join(folder, 'tool'));
    await again();
    expect(statSync(join(folder, 'tool')).size).toBe(size);
    expect(third.files).toHaveLength(1);
  });
});

describe('when a bundle was put together in another order', () => {
  it('its seal is the same', async () => {
    const tree = { ...nestedApp(), ...manyFiles() };
    const [one, two] = [folderWith(tree), folderWith(Object.fromEntries(Object.entries(tree).reverse()))];
    await signIn(one, { path: APP });
    await signIn(two, { path: APP });
    expect(snapshot(join(one, 'out'))).toEqual(snapshot(join(two, 'out')));
  });

  /** Names that locales, cases and lengths sort differently. */
  function manyFiles(): Tree {
    const names = ['a', 'B', 'ä', 'Z', 'z', '10', '9', 'a.b', 'a-b', 'a b', 'é', 'é', '字', '😀', 'aa', 'A'];
    return Object.fromEntries(names.map((name) => [`${APP}/Contents/Resources/many/${name}`, name]));
  }
});

describe('when the signer changes', () => {
  it('the new signature takes the place of the old one', async () => {
    const folder = folderWith({ tool: universal });
    const identity = pemFile(folder, testPki.developerIdApplication());
    await signIn(folder, { identity, timestamp: false, outputPath: 'first' });
    await signIn(folder, { outputPath: 'second', path: 'first', identifier: 'tool' });
    await signIn(folder, { outputPath: 'direct', identifier: 'tool' });
    expect(readFileSync(join(folder, 'second')).equals(readFileSync(join(folder, 'direct')))).toBe(true);
  });
});

describe('when files are named relative to the folder of the caller', () => {
  it('entitlements are found there', async () => {
    const folder = folderWith({
      tool: machOFile(),
      'conf/rights.plist': '<plist><dict><key>a.b</key><true/></dict></plist>',
    });
    mkdirSync(join(folder, 'elsewhere'));
    chmodSync(join(folder, 'elsewhere'), 0o755);
    await signIn(folder, { entitlements: 'conf/rights.plist' });
    const { slices } = await inspect({ path: join(folder, 'out/tool') });
    expect(slices[0]!.signature!.entitlements).toEqual({ 'a.b': true });
  });

  it('the time of signing is that of the clock, or the one given', async () => {
    const folder = folderWith({ tool: machOFile() });
    const identity = pemFile(folder, testPki.developerIdApplication());
    await expect(signIn(folder, { identity, timestamp: false })).resolves.toMatchObject({
      signingTime: LAB_TIME.toISOString(),
    });
    const signingTime = new Date('2025-01-02T03:04:05Z');
    await expect(signIn(folder, { identity, timestamp: false, signingTime })).resolves.toMatchObject({
      signingTime: signingTime.toISOString(),
    });
  });
});
