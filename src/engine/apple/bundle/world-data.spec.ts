import { readFileSync, writeFileSync } from 'node:fs';
import { bundleLab, SIGNERS } from '../../../../test/bundles/lab.js';
import {
  companion,
  javaClass,
  objectFile,
  script,
  staticLibraries,
} from '../../../../test/bundles/not-code.js';
import {
  app,
  flat,
  framework,
  info,
  inside,
  library,
  program,
  resourceBundle,
} from '../../../../test/bundles/parts.js';
import { secondOpinion } from '../../../../test/bundles/second-opinion.js';
import { machOFile } from '../../../../test/macho/macho-file.js';
import { universalFile } from '../../../../test/macho/universal-file.js';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import { refusal } from '../../../../test/refusal.js';
import { plant, type Tree } from '../../../../test/tree.js';

const lab = bundleLab('data');
const withResources = (tree: Tree) => app('App', inside('Contents/Resources', tree));

/** Stay as they are. */
const data: Tree = {
  'a.o': objectFile,
  'libs.a': staticLibraries(),
  'Main.class': javaClass,
  'run.sh': script,
  ...companion('Tool'),
  empty: '',
  'deep/Info.plist': '<plist/>',
};
/** Are signed wherever they lie. */
const code: Tree = {
  tool: program({ cpu: 'x86_64' }),
  'native/addon.node': library(1200),
  fat: { data: universalFile([machOFile({ cpu: 'x86_64' }), machOFile()]), mode: 0o755 },
};
const withPrograms = withResources({ ...data, ...code });

describe('when files lie among the resources', () => {
  it.each(SIGNERS)('programs are signed, though sealed as data, all else stays: %s', async (by) => {
    const signed = await lab.signed(withPrograms, { by });
    const names = Object.keys(code).map((name) => `Contents/Resources/${name}`);
    expect(signed.code).toEqual(['.', ...names].sort());
    for (const [name, content] of Object.entries(data)) {
      expect(readFileSync(signed.at(`Contents/Resources/${name}`))).toEqual(Buffer.from(content as string));
    }
    expect(await signed.findings()).toEqual([]);
    writeFileSync(signed.at('Contents/Resources/empty'), '!');
    writeFileSync(signed.at('Contents/Resources/deep/Info.plist'), '<plist></plist>');
    expect(await signed.findings()).toEqual([
      'error SEALED_RESOURCE Contents/Resources/deep/Info.plist',
      'error SEALED_RESOURCE Contents/Resources/empty',
    ]);
  });

  it('what only looks like a bundle is data: without a program, or with words to be filled in', async () => {
    const signed = await lab.signed(
      withResources({
        ...inside('Template.app', { 'Contents/Info.plist': info('NAME'), 'Contents/MacOS/README': 'here' }),
        ...inside('Broken.app', { 'Contents/Info.plist': '{{ plist }}', 'Contents/MacOS/run': program() }),
        ...inside('Looks.bundle', resourceBundle('a.b', { 'Contents/Resources/filter': library() })),
      }),
    );
    expect(signed.code).toEqual([
      '.',
      'Contents/Resources/Broken.app/Contents/MacOS/run',
      'Contents/Resources/Looks.bundle/Contents/Resources/filter',
    ]);
    expect(await signed.findings()).toEqual([]);
  });

  it('a damaged program is named', async () => {
    const damaged = machOFile().subarray(0, 700);
    await expect(lab.signed(withResources({ 'broken.dylib': damaged }))).rejects.toEqual(
      refusal('MALFORMED', 'Contents/Resources/broken.dylib', 'build'),
    );
  });
});

const withCompanions = app('App', {
  ...inside('Contents/MacOS', companion('App')),
  ...inside('Contents/Frameworks', { 'a.dylib': library(), ...companion('a.dylib') }),
});

describe('when debugging companions lie beside the code', () => {
  it('they are data, also where only code may be', async () => {
    const signed = await lab.signed(withCompanions);
    expect(signed.code).toEqual(['.', 'Contents/Frameworks/a.dylib']);
    const path = 'Frameworks/a.dylib.dSYM/Contents/Resources/DWARF/a.dylib';
    expect(signed.sealOf('Contents', path)).toHaveProperty('hash2');
    expect(await signed.findings()).toEqual([]);
    writeFileSync(signed.at(`Contents/${path}`), 'other');
    expect(await signed.findings()).toEqual([`error SEALED_RESOURCE Contents/${path}`]);
  });
});

describe('when there is something that is no code where only code may be', () => {
  const tcl = 'Contents/Frameworks/Tcl.framework';
  const base = app('App', inside(tcl, framework('Tcl', { A: {} })));

  it.each<[string, string, string | Uint8Array]>([
    ['a script among the programs', 'Contents/MacOS/start.sh', script],
    ['a script in the root of Contents', 'Contents/start.sh', script],
    ['data among the frameworks', 'Contents/Frameworks/deep/a.json', '{}'],
    ['an object file', 'Contents/Frameworks/a.o', objectFile],
    ['a Java class', 'Contents/PlugIns/A.class', javaClass],
    ['a static library', 'Contents/Frameworks/a.a', staticLibraries()],
    ["a configuration in a framework's version", `${tcl}/Versions/A/tclConfig.sh`, script],
  ])('%s is refused, and when it comes later it is found', async (_, path, content) => {
    await expect(lab.signed({ ...base, [path]: content })).rejects.toEqual(
      refusal('UNSIGNED_NESTED_CODE', `${path}: code object is not signed at all`, 'Resources'),
    );
    const signed = await lab.signed(base);
    plant(signed.path, { [path]: content });
    expect(await signed.findings()).toContain(`error SEALED_RESOURCE ${path}`);
  });

  it('what a Mac left behind on another disk is called by its name', async () => {
    await expect(lab.signed({ ...base, 'Contents/MacOS/._App': 'attributes' })).rejects.toEqual(
      refusal('UNSIGNED_NESTED_CODE', 'Contents/MacOS/._App', 'find . -name'),
    );
  });

  it.each(['Contents/Frameworks/some.folder', 'Contents/MacOS/lib.d', 'Contents/some.thing'])(
    'the folder %s, whose name has a dot, is taken for a bundle, which it is not',
    async (folder) => {
      await expect(lab.signed({ ...base, [`${folder}/a.txt`]: 'a' })).rejects.toEqual(
        refusal('INVALID_BUNDLE', `${folder}/Info.plist does not exist: bundle format unrecognized`),
      );
    },
  );
});

const flatApp = flat('App', {
  ...inside('Frameworks/Part.framework', flat('Part', companion('Part'), library())),
  ...inside('PlugIns/Share.appex', flat('Share')),
  'Frameworks/libswift.dylib': library(1500),
  'en.lproj/A.strings': 'a',
  'Base.lproj/A.nib': 'a',
  'embedded.mobileprovision': 'profile',
  PkgInfo: 'APPL????',
  'script.sh': script,
});

describe('when a bundle is flat, as on iOS', () => {
  it.each(SIGNERS)('its code is signed first, and sealed file by file: %s', async (by) => {
    const signed = await lab.signed(flatApp, { by });
    const nested = ['Frameworks/Part.framework', 'Frameworks/libswift.dylib', 'PlugIns/Share.appex'];
    expect(signed.code).toEqual(['.', ...nested]);
    const seals = signed.seals('.');
    expect(seals['Frameworks/Part.framework/Part']).toEqual({ hash2: expect.any(Uint8Array) as object });
    expect(seals).toHaveProperty(['Frameworks/Part.framework/_CodeSignature/CodeResources']);
    expect(seals).not.toHaveProperty(['PkgInfo']);
    expect(signed.seals('.', 'files')).toHaveProperty(['Info.plist']);
    expect(await signed.findings()).toEqual([]);
    writeFileSync(signed.at('Frameworks/Part.framework/Info.plist'), info('Other'));
    writeFileSync(signed.at('script.sh'), '#!/bin/sh\nrm -rf /\n');
    expect(await signed.findings()).toEqual([
      'error SEALED_RESOURCE Frameworks/Part.framework/Info.plist',
      'error SEALED_RESOURCE script.sh',
    ]);
  });

  it.each(['Resources', 'resources', 'Support Files'])(
    'a folder called %s would make it another bundle on a Mac',
    async (name) => {
      await expect(lab.signed({ ...flatApp, [`${name}/a.txt`]: 'a' })).rejects.toEqual(
        refusal('INVALID_BUNDLE', `${name} has no Info.plist: bundle format unrecognized`, 'rename'),
      );
    },
  );
});

const modules = Array.from(
  { length: 230 },
  (_, i) => `lib/python3.12/lib-dynload/m${i}.cpython-312-darwin.so`,
);
const python = framework(
  'Python',
  {
    '3.12': {
      ...Object.fromEntries(modules.map((path, i) => [path, library(300 + i)])),
      'bin/python3.12': program(),
      'bin/python3': { link: 'python3.12' },
      'lib/libpython3.12.dylib': { link: '../Python' },
      'lib/libpython3.12.a': staticLibraries(),
      'lib/python3.12/os.py': 'import sys\n',
      'include/python3.12/Python.h': 'int a;\n',
      Headers: { link: 'include/python3.12' },
      ...inside('Resources/Python.app', app('Python')),
    },
  },
  '3.12',
);
const pythonApp = app('App', inside('Contents/Frameworks/Python.framework', python));

describe('when a framework has hundreds of loose libraries, as that of Python', () => {
  const root = 'Contents/Frameworks/Python.framework/Versions/3.12';

  it('all are signed, and sealed as data, because no rule says that code lies there', async () => {
    const signed = await lab.signed(pythonApp);
    expect(signed.code).toHaveLength(modules.length + 4);
    expect(signed.code).toContain(`${root}/Resources/Python.app`);
    expect(Object.values(signed.seals(root)).filter((seal) => 'cdhash' in (seal as object))).toEqual([]);
    expect(await signed.findings()).toEqual([]);
    writeFileSync(signed.at(`${root}/${modules[100]!}`), 'no library any more');
    expect(await signed.findings()).toEqual([
      'error NESTED_CODE Contents/Frameworks/Python.framework',
      `error SEALED_RESOURCE ${root}/${modules[100]!}`,
    ]);
  });
});

describeWithOracle('python3', 'when another program reads the seals, it agrees with the files:', () => {
  it.each<[string, Tree, number]>([
    ['programs among the resources', withPrograms, 1],
    ['debugging companions', withCompanions, 1],
    ['a flat bundle', flatApp, 3],
    ['the framework of Python', pythonApp, 3],
  ])('%s', async (_, tree, seals) => {
    const { path } = await lab.signed(tree);
    expect(secondOpinion(path)).toEqual([`${seals} seals`]);
  });
});
