import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleLab, SIGNERS } from '../../../../test/bundles/lab.js';
import { app, framework, info, inside, library, plugIn, program } from '../../../../test/bundles/parts.js';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import { python } from '../../../../test/oracles/python.js';
import { refusal } from '../../../../test/refusal.js';
import { plant, snapshot, type Tree } from '../../../../test/tree.js';
import type { PlistDict } from '../../system/plist/value.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';

const lab = bundleLab('input');
const script = '#!/bin/sh\necho hello\n';

describe('when the Info.plist is written in another way', () => {
  const utf16 = (mark: string) =>
    Buffer.from(mark + Buffer.from(info('App')).toString('utf8').replace('UTF-8', 'UTF-16'), 'utf16le');
  const encodings: [string, () => Uint8Array][] = [
    ['in UTF-16 with a byte order mark', () => utf16('\ufeff')],
    ['in UTF-16 of the other byte order', () => utf16('\ufeff').swap16()],
    ['in UTF-8 with a byte order mark', () => Buffer.concat([Buffer.from('\ufeff'), info('App')])],
    [
      'with line ends of Windows',
      () => Buffer.from(Buffer.from(info('App')).toString().replaceAll('\n', '\r\n')),
    ],
  ];
  const expectSigned = async (infoPlist: Uint8Array) => {
    const signed = await lab.signed({ ...app('App'), 'Contents/Info.plist': infoPlist });
    expect(signed.receipt.files[0]).toMatchObject({ identifier: 'com.example.App' });
    expect(readFileSync(signed.at('Contents/Info.plist'))).toEqual(Buffer.from(infoPlist));
    expect(await signed.findings()).toEqual([]);
    writeFileSync(signed.at('Contents/Info.plist'), info('App', { CFBundleVersion: '2' }));
    expect((await signed.findings()).join()).toContain('error MODIFIED_INFO_PLIST');
  };

  it.each(encodings)('%s, it is read, and sealed as it is', (_, infoPlist) => expectSigned(infoPlist()));

  describeWithOracle('python3', 'as a binary property list', () => {
    it('it is read, and sealed as it is', () => {
      const convert = `import plistlib, sys
sys.stdout.buffer.write(plistlib.dumps(plistlib.loads(sys.stdin.buffer.read()), fmt=plistlib.FMT_BINARY))`;
      return expectSigned(python(convert, info('App')));
    });
  });
});

describe('when the Info.plist names no program', () => {
  const named = (executable: string | undefined): PlistDict => ({
    CFBundleIdentifier: 'com.example.app',
    ...(executable !== undefined && { CFBundleExecutable: executable }),
  });
  const withInfo = (executable: string | undefined, more: Tree): Tree => ({
    'Contents/Info.plist': writeXmlPlist(named(executable)),
    ...more,
  });

  it('the one with the name of the bundle is it', async () => {
    const signed = await lab.signed(withInfo(undefined, { 'Contents/MacOS/App': program() }));
    expect(signed.code).toEqual(['.']);
    expect(signed.seals('Contents')).toEqual({});
    expect(await signed.findings()).toEqual([]);
  });

  it('and there is none, the Info.plist is signed in its place', async () => {
    const signed = await lab.signed(withInfo(undefined, { 'Contents/Resources/a.txt': 'a' }));
    expect(Object.keys(snapshot(signed.at('Contents/_CodeSignature')))).toContain('CodeDirectory');
    expect(await signed.findings()).toEqual([]);
    writeFileSync(signed.at('Contents/Info.plist'), info('App'));
    expect(await signed.findings()).not.toEqual([]);
  });

  it.each(['Absent', '../MacOS/App', 'MacOS/App', '..', '.'])(
    'or one called %j, it is refused',
    async (name) => {
      await expect(lab.signed(withInfo(name, { 'Contents/MacOS/App': program() }))).rejects.toMatchObject({
        code: expect.stringMatching(/^INVALID_(BUNDLE|INFO_PLIST)$/) as string,
        message: expect.stringContaining('CFBundleExecutable') as string,
      });
    },
  );
});

describe('when the main program is a script', () => {
  it.each(SIGNERS)('its signature lies beside the seal, and a change of either is found: %s', async (by) => {
    const tree = app('App', {
      'Contents/MacOS/App': script,
      ...inside('Contents/PlugIns/Run.bundle', app('Run', { 'Contents/MacOS/Run': script })),
    });
    const signed = await lab.signed(tree, { by });
    expect(signed.code).toEqual(['.', 'Contents/PlugIns/Run.bundle']);
    expect(signed.sealOf('Contents', 'PlugIns/Run.bundle')).toHaveProperty('cdhash');
    expect(await signed.findings()).toEqual([]);
    for (const path of ['PlugIns/Run.bundle/Contents/MacOS/Run', 'MacOS/App'])
      writeFileSync(signed.at(`Contents/${path}`), `${script}#`);
    expect(await signed.findings()).toEqual([
      'error MODIFIED_CODE Contents/MacOS/App',
      'error NESTED_CODE Contents/PlugIns/Run.bundle',
      'error MODIFIED_CODE Contents/PlugIns/Run.bundle/Contents/MacOS/Run',
    ]);
  });

  it('when a program takes its place, nothing of the old signature stays', async () => {
    const signed = await lab.signed(app('App', { 'Contents/MacOS/App': script }));
    plant(signed.path, { 'Contents/MacOS/App': program() });
    await lab.signAt(signed.at('..'), { inPlace: true, outputPath: undefined });
    expect(Object.keys(snapshot(signed.at('Contents/_CodeSignature')))).toEqual(['CodeResources']);
    expect(await signed.findings()).toEqual([]);
  });
});

describe('when files and folders are read-only', () => {
  const tree = app('App', {
    ...inside('Contents/Frameworks/Part.framework', framework('Part', { A: {} })),
    'Contents/Resources/deep/a.txt': 'a',
    'Contents/Resources/tool': program(),
  });

  it.each([true, false])(
    'they are signed all the same, and modes of files stay: in place %s',
    async (inPlace) => {
      const folder = lab.newFolder();
      plant(folder, inside('App.app', tree));
      const paths = Object.entries(snapshot(join(folder, 'App.app'))).filter(
        ([, what]) => !what.startsWith('->'),
      );
      const folders = paths.filter(([, what]) => what.startsWith('folder')).map(([path]) => path);
      for (const [path] of paths.toReversed())
        chmodSync(join(folder, 'App.app', path), folders.includes(path) ? 0o555 : 0o444);
      await lab.signAt(folder, inPlace ? { inPlace, outputPath: undefined } : {});
      const output = join(folder, inPlace ? '' : 'out', 'App.app');
      for (const path of ['Contents/MacOS/App', 'Contents/Resources/deep/a.txt', 'Contents/Resources/tool'])
        expect(statSync(join(output, path)).mode & 0o777).toBe(0o444);
      for (const path of folders) chmodSync(join(folder, 'App.app', path), 0o755);
    },
  );
});

describe('when bundles are nested eight deep', () => {
  const nest = (level: number): Tree =>
    level === 0 ? plugIn('Inner') : plugIn('Inner', inside('Contents/PlugIns/Inner.bundle', nest(level - 1)));
  const pathAt = (level: number) => Array<string>(level).fill('Contents/PlugIns/Inner.bundle').join('/');

  it('each vouches for the next, and a change of the innermost is found at every level', async () => {
    const signed = await lab.signed(app('App', inside('Contents/PlugIns/Inner.bundle', nest(7))));
    expect(signed.receipt.files.map(({ path }) => path)).toEqual(
      Array.from({ length: 9 }, (_, i) => (i === 8 ? '.' : pathAt(8 - i))),
    );
    expect(await signed.findings()).toEqual([]);
    writeFileSync(signed.at(`${pathAt(8)}/Contents/Info.plist`), info('Other'));
    const found = await signed.findings();
    expect(found.filter((finding) => finding.startsWith('error NESTED_CODE'))).toHaveLength(8);
  });
});

describe('when there are hundreds of nested libraries', () => {
  const names = Array.from({ length: 500 }, (_, i) => `Contents/Frameworks/lib${i}.dylib`);
  const tree = app('App', Object.fromEntries(names.map((name, i) => [name, library(300 + i)])));

  it('all are signed, and each change is found', async () => {
    const signed = await lab.signed(tree);
    expect(signed.code).toHaveLength(501);
    const cdhashes = Object.values(signed.seals('Contents')).map(
      (seal) => (seal as { cdhash: Uint8Array }).cdhash,
    );
    expect(new Set(cdhashes.map((hash) => hash.join())).size).toBe(500);
    writeFileSync(signed.at(names[499]!), readFileSync(signed.at(names[0]!)));
    expect(await signed.findings()).toEqual([
      `error NESTED_CODE ${names[499]!}`,
      `error REQUIREMENT_NOT_MET ${names[499]!}`,
    ]);
  });
});

describe('when a Mac has left files of attributes behind', () => {
  it('the bundle is signed, with a warning that names them', async () => {
    const signed = await lab.signed(
      app('App', { 'Contents/Resources/deep/._a.txt': 'x', 'Contents/Resources/a._b': '' }),
    );
    expect(signed.receipt.warnings.filter((warning) => warning.includes('._'))).toEqual([
      expect.stringMatching(/^Contents\/Resources\/deep\/\._a\.txt .*find \. -name/),
    ]);
    expect(signed.sealOf('Contents', 'Resources/deep/._a.txt')).toBeDefined();
    expect(await signed.findings()).toEqual([]);
    rmSync(signed.at('Contents/Resources/deep/._a.txt'));
    expect(await signed.findings()).toEqual(['error SEALED_RESOURCE Contents/Resources/deep/._a.txt']);
  });
});

describe('when the same bundle was made and signed in other ways', () => {
  const tree = app('App', {
    ...inside('Contents/Frameworks/Part.framework', framework('Part', { A: {}, B: {} }, 'B')),
    ...inside('Contents/PlugIns/Run.bundle', app('Run', { 'Contents/MacOS/Run': script })),
    'Contents/Resources/tool': program(),
    'Contents/Resources/B': 'b',
    'Contents/Resources/a': 'a',
  });

  it.each(SIGNERS)('it is the same to the byte: %s', async (by) => {
    const once = await lab.signed(tree, { by });
    const inOtherOrder = await lab.signed(Object.fromEntries(Object.entries(tree).reverse()), { by });
    const again = lab.newFolder();
    plant(again, inside('App.app', tree));
    for (const other of [...SIGNERS].reverse().concat(by)) {
      await lab.signAt(again, { by: other, inPlace: true, outputPath: undefined });
    }
    expect(snapshot(inOtherOrder.path)).toEqual(snapshot(once.path));
    expect(snapshot(join(again, 'App.app'))).toEqual(snapshot(once.path));
  });
});

describe('when something has no place in any bundle', () => {
  it('an empty folder is no harm, a bundle without anything in it is', async () => {
    const folder = lab.newFolder();
    plant(folder, inside('App.app', app('App')));
    mkdirSync(join(folder, 'App.app/Contents/Resources/empty'), { recursive: true });
    await lab.signAt(folder, {});
    mkdirSync(join(folder, 'App.app/Contents/PlugIns/Nothing.bundle'), { recursive: true });
    await expect(lab.signAt(folder, {})).rejects.toEqual(
      refusal('INVALID_BUNDLE', 'Nothing.bundle/Info.plist does not exist: bundle format unrecognized'),
    );
  });
});
