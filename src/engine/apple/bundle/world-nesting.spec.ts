import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { bundleLab, SIGNERS, type SignedBundle } from '../../../../test/bundles/lab.js';
import {
  app,
  flat,
  framework,
  info,
  inside,
  library,
  plugIn,
  program,
  resourceBundle,
} from '../../../../test/bundles/parts.js';
import { secondOpinion } from '../../../../test/bundles/second-opinion.js';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import { snapshot, type Tree } from '../../../../test/tree.js';

const lab = bundleLab('nesting');

/** Where a Mach-O header has what no reader of signatures cares for. */
const FLAGS = 25;

/** Sparkle 2: programs, an app and services in the root of a framework's version. */
const sparkle = framework(
  'Sparkle',
  {
    B: {
      Autoupdate: program(),
      ...inside('Updater.app', app('Updater')),
      ...inside('XPCServices/Installer.xpc', app('Installer')),
      ...inside('XPCServices/Downloader.xpc', app('Downloader')),
    },
  },
  'B',
);

/** Every place where the world puts code into an app: what it is, and whether the seal of what is around takes it for code. */
const PLACES: Readonly<
  Record<string, { readonly tree: Tree; readonly main: string; readonly sealed: 'code' | 'data' }>
> = {
  'Frameworks/Many.framework': {
    tree: framework('Many', { A: {}, B: {}, C: {} }, 'B'),
    main: 'Versions/B/Many',
    sealed: 'code',
  },
  'Frameworks/Versionless.framework': {
    tree: { Versionless: library(), 'Resources/Info.plist': info('Versionless'), 'Headers/a.h': 'int a;\n' },
    main: 'Versionless',
    sealed: 'code',
  },
  'Frameworks/Shallow.framework': { tree: flat('Shallow', {}, library()), main: 'Shallow', sealed: 'code' },
  'Frameworks/Sparkle.framework': { tree: sparkle, main: 'Versions/B/Sparkle', sealed: 'code' },
  'Frameworks/App Helper (GPU).app': {
    tree: app('App Helper (GPU)'),
    main: 'Contents/MacOS/App Helper (GPU)',
    sealed: 'code',
  },
  'Frameworks/C++ [x] {1}^$.app': {
    tree: app('C++ [x] {1}^$'),
    main: 'Contents/MacOS/C++ [x] {1}^$',
    sealed: 'code',
  },
  'SharedFrameworks/Shared.framework': {
    tree: framework('Shared', { A: {} }),
    main: 'Versions/A/Shared',
    sealed: 'code',
  },
  'XPCServices/Service.xpc': { tree: app('Service'), main: 'Contents/MacOS/Service', sealed: 'code' },
  'PlugIns/Plug.plugin': { tree: plugIn('Plug'), main: 'Contents/MacOS/Plug', sealed: 'code' },
  'PlugIns/Share.appex': { tree: app('Share'), main: 'Contents/MacOS/Share', sealed: 'code' },
  'PlugIns/Looks.bundle': {
    tree: resourceBundle('com.example.looks', { 'Contents/Resources/look.css': 'a{}' }),
    main: 'Contents/Resources/look.css',
    sealed: 'code',
  },
  'Plug-ins/Old.plugin': { tree: plugIn('Old'), main: 'Contents/MacOS/Old', sealed: 'code' },
  'Helpers/Nested.app': { tree: app('Nested'), main: 'Contents/MacOS/Nested', sealed: 'code' },
  'MacOS/Inner.app': { tree: app('Inner'), main: 'Contents/MacOS/Inner', sealed: 'code' },
  'Library/LoginItems/Login.app': { tree: app('Login'), main: 'Contents/MacOS/Login', sealed: 'code' },
  'Library/Automator/Act.action': { tree: plugIn('Act'), main: 'Contents/MacOS/Act', sealed: 'code' },
  'Library/Spotlight/Find.mdimporter': { tree: plugIn('Find'), main: 'Contents/MacOS/Find', sealed: 'code' },
  'Library/QuickLook/Look.qlgenerator': { tree: plugIn('Look'), main: 'Contents/MacOS/Look', sealed: 'data' },
  'Library/SystemExtensions/net.systemextension': {
    tree: app('net'),
    main: 'Contents/MacOS/net',
    sealed: 'data',
  },
  'Resources/Autoupdate.app': { tree: app('Autoupdate'), main: 'Contents/MacOS/Autoupdate', sealed: 'data' },
};

const FILES: Readonly<Record<string, 'code' | 'data'>> = {
  'Frameworks/libz.dylib': 'code',
  'Helpers/tool': 'code',
  'MacOS/second': 'code',
  'PlugIns/deep/down/there.so': 'code',
  'Library/LaunchServices/com.example.daemon': 'data',
  'Resources/tool': 'data',
  'Resources/Looks.bundle/Contents/Resources/filter': 'data',
};

const everything: Tree = app('App', {
  ...Object.fromEntries(
    Object.entries(PLACES).flatMap(([path, { tree }]) => Object.entries(inside(`Contents/${path}`, tree))),
  ),
  ...Object.fromEntries(Object.keys(FILES).map((path) => [`Contents/${path}`, library(path.length * 10)])),
  'Contents/Frameworks/libz.1.dylib': { link: 'libz.dylib' },
  'Contents/Resources/Looks.bundle/Contents/Info.plist': info('absent'),
});

/** What of `PLACES` has code of its own within. */
const INNER = [
  'Frameworks/Many.framework/Versions/A',
  'Frameworks/Many.framework/Versions/C',
  'Frameworks/Sparkle.framework/Versions/B/Autoupdate',
  'Frameworks/Sparkle.framework/Versions/B/Updater.app',
  'Frameworks/Sparkle.framework/Versions/B/XPCServices/Downloader.xpc',
  'Frameworks/Sparkle.framework/Versions/B/XPCServices/Installer.xpc',
];

describe.each(SIGNERS)('when an app has code in every place that there is, signed %s', (by) => {
  let signed: SignedBundle;
  beforeAll(async () => {
    signed = await lab.signed(everything, { by });
  });

  it('all of it is signed, and nothing else', () => {
    const nested = [...Object.keys(PLACES), ...Object.keys(FILES), ...INNER].map(
      (path) => `Contents/${path}`,
    );
    expect(signed.code).toEqual(['.', ...nested].sort());
  });

  it('it verifies; only of frameworks with several versions there is a word of warning, ad-hoc', async () => {
    const versions = ['A', 'C'].map(
      (version) => `warning FRAMEWORK_VERSION Contents/Frameworks/Many.framework/Versions/${version}`,
    );
    expect(await signed.findings()).toEqual(by === 'ad-hoc' ? versions : []);
  });

  it.each([
    ...Object.entries(PLACES).map(([path, { sealed }]) => [path, sealed] as const),
    ...Object.entries(FILES),
  ])('%s is sealed as %s', (path, sealed) => {
    const seals = signed.seals('Contents');
    expect(path in seals).toBe(sealed === 'code' || path in FILES);
    const seal = (seals[path] ?? {}) as object;
    expect('cdhash' in seal).toBe(sealed === 'code');
    expect(Object.keys(seals).some((name) => name.startsWith(`${path}/`))).toBe(
      sealed === 'data' && !(path in FILES),
    );
  });

  it('the requirements in the seal are those of the code', () => {
    const { requirement } = signed.sealOf('Contents', 'XPCServices/Service.xpc') as { requirement: string };
    expect(requirement).toMatch(
      by === 'ad-hoc'
        ? /^cdhash H"[0-9a-f]{40}"$/
        : /^identifier "com\.example\.Service" and anchor apple generic /,
    );
  });

  /** The errors when the files at `paths` are changed; they are put back. */
  const tampered = async (paths: readonly string[], change: (path: string) => void) => {
    const originals = paths.map((path) => readFileSync(signed.at(path)));
    paths.forEach((path) => {
      change(signed.at(path));
    });
    const findings = await signed.findings();
    paths.forEach((path, i) => {
      writeFileSync(signed.at(path), originals[i]!);
    });
    return findings.filter((finding) => finding.startsWith('error'));
  };
  const flip = (path: string) => {
    const data = readFileSync(path);
    data[data.length < 1000 ? 1 : FLAGS]! ^= 1;
    writeFileSync(path, data);
  };

  it('changes in all of them are found, each where it is', async () => {
    const places = Object.entries(PLACES).map(([path, { main, sealed }]) => ({
      path,
      main: `${path}/${main}`,
      sealed,
    }));
    const files = Object.entries(FILES).map(([path, sealed]) => ({ path, main: path, sealed }));
    const all = [...places, ...files];
    const findings = await tampered(
      all.map(({ main }) => `Contents/${main}`),
      flip,
    );
    const expected = all.map(({ path, main, sealed }) =>
      sealed === 'code' ? `error NESTED_CODE Contents/${path}` : `error SEALED_RESOURCE Contents/${main}`,
    );
    expect(findings.filter((finding) => / (NESTED_CODE|SEALED_RESOURCE) /.test(finding)).sort()).toEqual(
      [...expected, 'error SEALED_RESOURCE Contents/PlugIns/Looks.bundle/Contents/Resources/look.css'].sort(),
    );
  });

  it('a change deep in a framework is found at every level', async () => {
    const service = 'Contents/Frameworks/Sparkle.framework/Versions/B/XPCServices/Installer.xpc';
    expect(await tampered([`${service}/Contents/MacOS/Installer`], flip)).toEqual([
      'error NESTED_CODE Contents/Frameworks/Sparkle.framework',
      `error NESTED_CODE ${service}`,
      `error MODIFIED_CODE ${service}/Contents/MacOS/Installer`,
    ]);
  });

  it('a change in a version that is not the current one is found', async () => {
    const version = 'Contents/Frameworks/Many.framework/Versions/C';
    expect(await tampered([`${version}/Many`], flip)).toEqual([
      'error NESTED_CODE Contents/Frameworks/Many.framework',
      `error FRAMEWORK_VERSION ${version}`,
      `error MODIFIED_CODE ${version}/Many`,
    ]);
  });

  it('code that is as valid, but another, is found', async () => {
    const other = readFileSync(signed.at('Contents/Frameworks/libz.dylib'));
    const swap = (path: string) => {
      writeFileSync(path, other);
    };
    expect(await tampered(['Contents/Helpers/tool'], swap)).toEqual([
      'error NESTED_CODE Contents/Helpers/tool',
      'error REQUIREMENT_NOT_MET Contents/Helpers/tool',
    ]);
  });

  it('code that was removed or added is found', async () => {
    const removed = await tampered(['Contents/Helpers/tool'], (path) => {
      rmSync(path);
    });
    expect(removed).toEqual(['error SEALED_RESOURCE Contents/Helpers/tool']);
    const added = signed.at('Contents/PlugIns/added.dylib');
    writeFileSync(added, readFileSync(signed.at('Contents/Helpers/tool')));
    expect((await signed.findings()).filter((finding) => finding.startsWith('error'))).toEqual([
      'error SEALED_RESOURCE Contents/PlugIns/added.dylib',
    ]);
    rmSync(added);
  });

  it('signed once more, it does not change by a byte', async () => {
    const before = snapshot(signed.path);
    await lab.signAt(signed.at('..'), { by, outputPath: undefined, inPlace: true });
    expect(snapshot(signed.path)).toEqual(before);
  });

  describeWithOracle('python3', 'and another program reads the seals', () => {
    it('they agree with the files, in both generations', () => {
      const bundles = Object.keys(PLACES).length + INNER.length;
      expect(secondOpinion(signed.path)).toEqual([`${bundles} seals`]);
    });
  });
});

describe('when a version of a framework is another product', () => {
  const other = (identifier: string): Tree => ({
    'Resources/Info.plist': info('Part', { CFBundleIdentifier: identifier }),
  });
  const withVersions = (identifier: string) =>
    app(
      'App',
      inside('Contents/Frameworks/Part.framework', framework('Part', { A: {}, B: other(identifier) })),
    );

  it('the app does not get what it asked for: it is refused before anybody has to find out', async () => {
    await expect(
      lab.signed(withVersions('com.example.other'), { by: 'with a certificate' }),
    ).rejects.toMatchObject({
      code: 'INVALID_BUNDLE',
      message: expect.stringContaining('Part.framework/Versions/B') as string,
    });
  });
});
