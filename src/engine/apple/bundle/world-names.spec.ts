import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { bundleLab } from '../../../../test/bundles/lab.js';
import { app, flat, inside } from '../../../../test/bundles/parts.js';
import { secondOpinion } from '../../../../test/bundles/second-opinion.js';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import type { Tree } from '../../../../test/tree.js';

const lab = bundleLab('names');

describe('when a bundle has what is not sealed like other files', () => {
  const special: Tree = {
    PkgInfo: 'APPL????',
    'version.plist': '<plist/>',
    'embedded.provisionprofile': 'profile',
    CodeResources: 'ticket',
    '_MASReceipt/receipt': 'receipt',
    '.DS_Store': 'finder',
    'Resources/.DS_Store': 'finder',
    'Resources/folder/.DS_Store': 'finder',
    'Resources/Info.plist': '<plist/>',
    'Resources/_MASReceipt/receipt': 'data',
    'Resources/_CodeSignature/other': 'data',
    'Resources/en.lproj/A.strings': '"a" = "b";',
    'Resources/en.lproj/locversion.plist': '<plist/>',
    'Resources/Base.lproj/Main.nib': 'nib',
    'Resources/Base.lproj/locversion.plist': '<plist/>',
    'Resources/deep/de.lproj/A.strings': '"a" = "c";',
  };
  const tree = app('App', inside('Contents', special));

  it('what is left out, optional or sealed is what Apple has it', async () => {
    const signed = await lab.signed(tree);
    const seals = signed.seals('Contents');
    expect(Object.keys(seals).sort()).toEqual([
      'Resources/Base.lproj/Main.nib',
      'Resources/Info.plist',
      'Resources/_CodeSignature/other',
      'Resources/_MASReceipt/receipt',
      'Resources/deep/de.lproj/A.strings',
      'Resources/en.lproj/A.strings',
      'embedded.provisionprofile',
      'version.plist',
    ]);
    const optional = Object.keys(seals).filter((path) => 'optional' in (seals[path] as object));
    expect(optional.sort()).toEqual(['Resources/deep/de.lproj/A.strings', 'Resources/en.lproj/A.strings']);
    expect(await signed.findings()).toEqual([]);
  });

  it.each<[string, 'changed' | 'removed', 'breaks' | 'keeps']>([
    ['PkgInfo', 'changed', 'keeps'],
    ['CodeResources', 'changed', 'keeps'],
    ['_MASReceipt/receipt', 'changed', 'keeps'],
    ['.DS_Store', 'removed', 'keeps'],
    ['Resources/folder/.DS_Store', 'changed', 'keeps'],
    ['Resources/en.lproj/locversion.plist', 'changed', 'keeps'],
    ['Resources/en.lproj/A.strings', 'removed', 'keeps'],
    ['Resources/en.lproj/A.strings', 'changed', 'breaks'],
    ['Resources/Base.lproj/Main.nib', 'removed', 'breaks'],
    ['embedded.provisionprofile', 'changed', 'breaks'],
    ['version.plist', 'removed', 'breaks'],
    ['Resources/_MASReceipt/receipt', 'changed', 'breaks'],
    ['Resources/Info.plist', 'removed', 'breaks'],
  ])('%s, when it is %s, %s the seal', async (path, change, effect) => {
    const signed = await lab.signed(tree);
    if (change === 'removed') rmSync(signed.at(`Contents/${path}`));
    else writeFileSync(signed.at(`Contents/${path}`), 'other');
    const expected = effect === 'breaks' ? [`error SEALED_RESOURCE Contents/${path}`] : [];
    expect(await signed.findings()).toEqual(expected);
  });

  describeWithOracle('python3', 'and another program reads the seal', () => {
    it('it agrees with the files', async () => {
      expect(secondOpinion((await lab.signed(tree)).path)).toEqual(['1 seals']);
    });
  });
});

describe('when files have names as nobody expects them', () => {
  const NAMES = [
    'Zürich-nfc'.normalize('NFC'),
    'Zürich-nfd'.normalize('NFD'),
    '字 und 😀.txt',
    'a & b <c> "d" \'e\'',
    ']]>',
    '&amp;',
    'line\nbreak',
    ' leading and trailing ',
    '__proto__',
    'constructor',
    'toString',
    '-n',
    '%40',
    'back\\slash',
    'a'.repeat(255),
    'tab\there',
    'Icon\r',
    'x.lproj',
  ];
  const files = Object.fromEntries(NAMES.map((name) => [name, `in ${name}`] as const));
  const inFolders = NAMES.map((name) => [`Contents/Resources/${name}/file`, name] as const);

  it.each([
    ['among the resources', 'Contents', 'Resources/', app('App', inside('Contents/Resources', files))],
    ['in the root of a flat bundle', '.', '', flat('App', files)],
  ])('%s, each is sealed byte for byte, and a change of any is found', async (_, root, folder, tree) => {
    const signed = await lab.signed(tree);
    expect(Object.keys(signed.seals(root)).sort()).toEqual(NAMES.map((name) => folder + name).sort());
    expect(await signed.findings()).toEqual([]);
    const paths = NAMES.map((name) => (root === '.' ? name : `${root}/${folder}${name}`));
    for (const path of paths) writeFileSync(signed.at(path), 'other');
    const found = (await signed.findings()).sort();
    expect(found).toEqual(paths.map((path) => `error SEALED_RESOURCE ${path}`).sort());
  });

  it('so are folders', async () => {
    const signed = await lab.signed(app('App', Object.fromEntries(inFolders)));
    expect(Object.keys(signed.seals('Contents'))).toHaveLength(NAMES.length);
    expect(await signed.findings()).toEqual([]);
  });

  it('composed and decomposed letters are not made the same', async () => {
    const signed = await lab.signed(app('App', inside('Contents/Resources', files)));
    const seal = readFileSync(signed.at('Contents/_CodeSignature/CodeResources'));
    for (const form of ['NFC', 'NFD']) expect(seal.includes('Zürich-nf'.normalize(form))).toBe(true);
  });

  describeWithOracle('python3', 'and another program reads the seals', () => {
    it('it agrees with the files; only a carriage return becomes a line feed to every reader of XML', async () => {
      const rest = Object.fromEntries(Object.entries(files).filter(([name]) => !name.includes('\r')));
      const { path } = await lab.signed(app('App', inside('Contents/Resources', rest)));
      expect(secondOpinion(path)).toEqual(['1 seals']);
    });
  });
});
