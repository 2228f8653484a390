import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleLab } from '../../../../test/bundles/lab.js';
import { app, framework, info, inside, library, program } from '../../../../test/bundles/parts.js';
import { refusal } from '../../../../test/refusal.js';
import { plant, snapshot, type Tree } from '../../../../test/tree.js';

const lab = bundleLab('links');
const part = inside('Contents/Frameworks/Part.framework', framework('Part', { A: {}, B: {} }, 'B'));

/** Links with their place in `Contents`; what they lead to is there unless the case is about that. */
const withLinks = (links: Readonly<Record<string, string>>): Tree =>
  app('App', {
    'Contents/Resources/data/file.txt': 'data',
    'Contents/Resources/.DS_Store': 'finder',
    'Contents/_MASReceipt/receipt': 'receipt',
    ...part,
    ...Object.fromEntries(Object.entries(links).map(([path, link]) => [`Contents/${path}`, { link }])),
  });

const GOOD: Readonly<Record<string, string>> = {
  'Resources/to-file': 'data/file.txt',
  'Resources/to-folder': 'data',
  'Resources/to-link': 'to-folder/file.txt',
  'Resources/to-version': '../Frameworks/Part.framework/Versions/A',
  'Resources/to-framework': '../Frameworks/Part.framework/Part',
  'Resources/to-program': '../MacOS/App',
  'Frameworks/to-data': '../Resources/data/file.txt',
  'to-resources': 'Resources',
  'Resources/to-system': '/System/Library/Frameworks/AppKit.framework',
  'Resources/to-library': '/Library/Frameworks/Tcl.framework/Tcl',
};

describe('when links stay within the bundle, or lead to what macOS brings', () => {
  it('each is sealed by where it leads, and a change of that is found', async () => {
    const signed = await lab.signed(withLinks(GOOD));
    for (const [path, symlink] of Object.entries(GOOD))
      expect(signed.sealOf('Contents', path)).toEqual({ symlink });
    const clean = await signed.findings();
    expect(clean.filter((finding) => finding.startsWith('error'))).toEqual([]);
    rmSync(signed.at('Contents/Resources/to-folder'));
    symlinkSync('../MacOS', signed.at('Contents/Resources/to-folder'));
    rmSync(signed.at('Contents/Resources/to-file'));
    writeFileSync(signed.at('Contents/Resources/to-file'), 'data');
    renameSync(signed.at('Contents/Resources/data'), signed.at('Contents/Frameworks/data.folder'));
    const findings = await signed.findings();
    expect(findings).toEqual(
      expect.arrayContaining([
        'error SEALED_RESOURCE Contents/Resources/to-folder',
        'error SEALED_RESOURCE Contents/Resources/to-file',
        'error SEALED_RESOURCE Contents/Frameworks/data.folder',
        'error SEALED_RESOURCE Contents/Resources/data/file.txt',
        'error INVALID_SYMLINK Contents/Frameworks/to-data',
      ]),
    );
  });

  it('a folder in the place of a link is found', async () => {
    const signed = await lab.signed(withLinks({ 'Frameworks/a.link': '../Resources/data' }));
    rmSync(signed.at('Contents/Frameworks/a.link'));
    mkdirSync(signed.at('Contents/Frameworks/a.link'));
    expect(await signed.findings()).toContain('error SEALED_RESOURCE Contents/Frameworks/a.link');
  });
});

describe('when a link leads where no seal reaches, the bundle is refused:', () => {
  it.each([
    ['nowhere', 'Resources/bad', 'gone'],
    ['in a circle', 'Resources/bad', 'bad'],
    ['out of the bundle', 'Resources/bad', '../../../beside.txt'],
    ['to what is beside Contents', 'Resources/bad', '../..'],
    ['to the root of the seal', 'Resources/bad', '..'],
    ['to an absolute path', 'Resources/bad', '/usr/lib/libSystem.dylib'],
    ['to an absolute path that looks like one of the system', 'Resources/bad', '/System/../etc/passwd'],
    ['to Info.plist, which the signature covers but the seal does not', 'Resources/bad', '../Info.plist'],
    ['to a receipt, which is not sealed', 'Resources/bad', '../_MASReceipt/receipt'],
    ["to the Finder's file, which is not sealed", 'Resources/bad', '.DS_Store'],
  ])('%s', async (_, path, target) => {
    await expect(lab.signed(withLinks({ [path]: target }))).rejects.toEqual(
      refusal('INVALID_SYMLINK', `Contents/${path} -> ${target}: invalid destination`, 'relative'),
    );
  });

  it('from .DS_Store, which is the one name that nobody looks at', async () => {
    for (const name of ['.DS_Store', '.ds_store'])
      await expect(lab.signed(withLinks({ [`Resources/data/${name}`]: '../../MacOS' }))).rejects.toEqual(
        refusal('INVALID_SYMLINK', `data/${name}`, 'remove'),
      );
  });

  it('and once signed, a link like that is found', async () => {
    const signed = await lab.signed(withLinks({}));
    rmSync(signed.at('Contents/Resources/.DS_Store'));
    symlinkSync('../MacOS', signed.at('Contents/Resources/.DS_Store'));
    expect(await signed.findings()).toContain('error INVALID_SYMLINK ');
  });
});

describe("when nested code links to the app around it, as Qt's helper does", () => {
  const helper = 'Contents/Frameworks/Web.framework/Versions/A/Helpers/Process.app';
  const tree = app('App', {
    ...inside(
      'Contents/Frameworks/Web.framework',
      framework('Web', { A: inside('Helpers/Process.app', app('Process')) }),
    ),
    [`${helper}/Contents/Frameworks`]: { link: '../../../../../../' },
  });

  it('it is good within the app, and alone it is not', async () => {
    const signed = await lab.signed(tree);
    expect(signed.sealOf(`${helper}/Contents`, 'Frameworks')).toEqual({ symlink: '../../../../../../' });
    expect(await signed.findings()).toEqual([]);
    const alone = lab.newFolder();
    renameSync(signed.at(helper), join(alone, 'App.app'));
    await expect(lab.signAt(alone, {})).rejects.toEqual(refusal('INVALID_SYMLINK', 'Contents/Frameworks'));
  });
});

describe('when a link would lead the signer itself out of the bundle, nothing there is touched:', () => {
  /** Absolute: what is relative leads elsewhere in the copy that is being signed. */
  const precious = lab.newFolder();
  beforeAll(() => {
    plant(precious, {
      App: program(),
      'Info.plist': info('App'),
      'MacOS/App': program(),
      'Resources/Info.plist': info('App'),
      'Resources/a.txt': 'mine',
    });
  });
  const link = (below = '') => ({ link: join(precious, below) });

  it.each<[string, Tree]>([
    ['_CodeSignature', { ...app('App'), 'Contents/_CodeSignature': link() }],
    ['the folder of the programs', { 'Contents/Info.plist': info('App'), 'Contents/MacOS': link() }],
    ['the folder of the bundle', { Contents: link() }],
    ['the current version', { 'Versions/A/a.txt': 'a', 'Versions/Current': link() }],
    ['the only version', { 'Versions/A': link(), 'Versions/Current': { link: 'A' } }],
    ['its program', { 'Info.plist': info('App'), App: link('App') }],
    ['its Info.plist', { 'Info.plist': link('Info.plist'), App: program() }],
  ])('%s', async (_, tree) => {
    const folder = lab.newFolder();
    plant(folder, inside('App.app', tree));
    const before = [snapshot(folder), snapshot(precious)];
    for (const inPlace of [true, false]) {
      const where = inPlace ? { inPlace, outputPath: undefined } : {};
      await expect(lab.signAt(folder, where)).rejects.toEqual(refusal('INVALID_BUNDLE'));
    }
    expect([snapshot(folder), snapshot(precious)]).toEqual(before);
  });

  it('the provisioning profile', async () => {
    const folder = lab.newFolder();
    const tree = { ...app('App'), 'Contents/embedded.provisionprofile': link('Resources/a.txt') };
    plant(folder, { ...inside('App.app', tree), profile: 'profile' });
    await expect(lab.signAt(folder, { provisioningProfile: join(folder, 'profile') })).rejects.toEqual(
      refusal('INVALID_BUNDLE', 'embedded.provisionprofile', 'remove'),
    );
    expect(readFileSync(join(precious, 'Resources/a.txt'), 'utf8')).toBe('mine');
  });
});

describe('when a framework has', () => {
  const good = framework('Part', { A: {}, B: {} }, 'B');
  const signFramework = (more: Tree) => lab.signed({ ...good, ...more }, { name: 'Part.framework' });

  it.each<[string, Tree]>([
    [
      'links by the name of the version',
      { Headers: { link: 'Versions/B/Headers' }, 'Versions/B/Headers/a.h': '' },
    ],
    [
      'links that begin with a dot',
      { Part: { link: './Versions/Current/Part' }, 'Versions/Current': { link: './B' } },
    ],
    ['a link to what is not there', { PrivateHeaders: { link: 'Versions/Current/PrivateHeaders' } }],
    ['an old module map', { 'module.map': 'module {}' }],
    ["the Finder's files", { '.DS_Store': 'finder', 'Versions/.DS_Store': 'finder' }],
  ])('%s, it is as macOS wants it', async (_, more) => {
    const signed = await signFramework(more);
    expect(await signed.findings()).toEqual([]);
  });

  it.each<[string, Tree]>([
    ['a file in its root', { LICENSE: 'free' }],
    ['a folder in its root', { 'Extra/a.txt': 'a' }],
    ['a folder called .DS_Store in its root', { '.DS_Store/a.txt': 'a' }],
    ['a link to another name', { Other: { link: 'Versions/Current/Part' } }],
    ['a link to another version', { Part: { link: 'Versions/A/Part' } }],
    ['a link to elsewhere', { Headers: { link: 'Versions/Current/Resources' } }],
    ['a file among its versions', { 'Versions/notes.txt': 'a' }],
    ['a second link among its versions', { 'Versions/Latest': { link: 'B' } }],
  ])('%s, it is refused, and when that comes later it is found', async (_, more) => {
    const message = 'unsealed contents present in the root directory of an embedded framework';
    const ambiguous = 'bundle format is ambiguous';
    const error: unknown = await signFramework(more).catch((thrown: unknown) => thrown);
    const { message: said } = error as Error;
    expect(said.includes(message) || said.includes(ambiguous)).toBe(true);
    const signed = await signFramework({});
    for (const path of Object.keys(more)) rmSync(signed.at(path), { force: true });
    plant(signed.path, more);
    expect((await signed.findings()).join()).toMatch(/error (UNSEALED_CONTENTS|INVALID_BUNDLE) /);
  });

  const copied = (path: string, tree: Tree) =>
    Object.fromEntries(
      Object.entries(tree)
        .filter(([name]) => name.startsWith('Versions/B/'))
        .map(([name, content]) => [name.replace('Versions/B', path).replace(/^\.\//, ''), content]),
    );
  const flattened: Readonly<Record<string, Tree>> = {
    'copies in the place of its links': { ...good, ...copied('.', good) },
    'a copy in the place of the link to its program': { ...good, Part: library() },
    'a copy in the place of its current version': { ...good, ...copied('Versions/Current', good) },
    'a file in the place of the link to its current version': { ...good, 'Versions/Current': 'B' },
  };

  it.each(Object.entries(flattened))('%s, it is ambiguous', async (_, tree) => {
    const plain = Object.fromEntries(
      Object.entries(tree).filter(
        ([path]) => !Object.keys(tree).some((other) => other.startsWith(`${path}/`)),
      ),
    );
    const words = 'bundle format is ambiguous (could be app or framework)';
    await expect(lab.signed(plain, { name: 'Part.framework' })).rejects.toEqual(
      refusal('INVALID_BUNDLE', words, 'cp -R'),
    );
    const inApp = app('App', inside('Contents/Frameworks/Part.framework', plain));
    await expect(lab.signed(inApp)).rejects.toEqual(refusal('INVALID_BUNDLE', words, 'cp -R'));
  });

  it.each(['..', '.', 'A/', 'A/../B', '/', 'C', '.hidden/'])(
    'a current version called %j, it is refused',
    async (link) => {
      await expect(signFramework({ 'Versions/Current': { link } })).rejects.toEqual(
        refusal('INVALID_BUNDLE', 'no version of the framework', 'folder beside it'),
      );
    },
  );
});

describe('when something lies where no seal reaches', () => {
  it.each(['.DS_Store', '.LSOverride', 'Icon\r', '.SoftwareDepot.tracking'])(
    'it may do so beside Contents under the name of %j',
    async (name) => {
      const signed = await lab.signed({ ...app('App'), [name]: 'x' });
      expect(await signed.findings()).toEqual([]);
      writeFileSync(signed.at(name), 'y');
      expect(await signed.findings()).toEqual([]);
    },
  );

  it.each<[string, Tree]>([
    ['a file', { 'README.txt': 'hello' }],
    ['a folder', { 'Resources/a.txt': 'a' }],
    ['a link', { link: { link: 'Contents/Info.plist' } }],
    ['a folder with the name of an allowed file', { '.DS_Store/a.txt': 'a' }],
  ])('%s beside Contents is refused, and found later', async (_, more) => {
    await expect(lab.signed({ ...app('App'), ...more })).rejects.toEqual(
      refusal('INVALID_BUNDLE', 'unsealed contents present in the bundle root'),
    );
    const signed = await lab.signed(app('App'));
    plant(signed.path, more);
    expect(await signed.findings()).toEqual([
      `error UNSEALED_CONTENTS ${Object.keys(more)[0]!.replace(/\/.*/, '')}`,
    ]);
  });

  it('in the folder of the signature it goes, and is found later', async () => {
    const signed = await lab.signed({ ...app('App'), 'Contents/_CodeSignature/stale': 'old' });
    expect(Object.keys(snapshot(signed.at('Contents/_CodeSignature')))).toEqual(['CodeResources']);
    plant(signed.path, { 'Contents/_CodeSignature/payload': 'new', 'Contents/_CodeSignature/a/b': 'new' });
    expect(await signed.findings()).toEqual([
      'error UNSEALED_CONTENTS Contents/_CodeSignature/a',
      'error UNSEALED_CONTENTS Contents/_CodeSignature/payload',
    ]);
  });
});
