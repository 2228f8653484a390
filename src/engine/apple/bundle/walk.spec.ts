import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { APP, nestedApp } from '../../../../test/macho/bundle-tree.js';
import { temporaryFolders } from '../../../../test/temporary-folder.js';
import { plant, type Tree } from '../../../../test/tree.js';
import { openBundle } from './bundle.js';
import { compileRules, defaultRules } from './rules.js';
import { findDataBundles, walkBundle } from './walk.js';

const newFolder = temporaryFolders('walk');
const rules = compileRules(defaultRules('deep').rules2);

async function appWith(more: Tree): Promise<Awaited<ReturnType<typeof openBundle>>> {
  const folder = newFolder();
  const inApp = Object.entries(more).map(([path, content]) => [`${APP}/Contents/${path}`, content]);
  plant(folder, { ...nestedApp(), ...(Object.fromEntries(inApp) as Tree) });
  mkdirSync(join(folder, APP, 'Contents/Resources/empty'));
  return openBundle(join(folder, APP));
}

describe('when a bundle is walked', () => {
  it('files, links and nested bundles are told, folders and its own program are not', async () => {
    const entries = await walkBundle(await appWith({}), rules);
    expect(entries.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'nested-bundle Frameworks/Part.framework',
      'file Info.plist',
      'file MacOS/assistant',
      'file Resources/data.txt',
      'file Resources/en.lproj/Localizable.strings',
      'link Resources/link.txt',
    ]);
  });

  it('what an earlier signature and the store left is not part of it, at the top alone', async () => {
    const left = { '_CodeSignature/CodeResources': '', CodeResources: '', '_MASReceipt/receipt': '' };
    const deeper = { 'Resources/_CodeSignature/x': '', 'Resources/CodeResources': '' };
    const entries = await walkBundle(await appWith({ ...left, ...deeper }), rules);
    const paths = entries
      .map(({ path }) => path)
      .filter((path) => /_CodeSignature|CodeResources|Receipt/.test(path));
    expect(paths).toEqual(['Resources/CodeResources', 'Resources/_CodeSignature/x']);
  });

  it('a folder among the code is a bundle when its name has an extension, else it is looked into', async () => {
    const entries = await walkBundle(
      await appWith({ 'MacOS/lib/a.dylib': '', 'MacOS/lib.d/a.dylib': '', 'Resources/lib.d/a': '' }),
      rules,
    );
    const paths = entries
      .filter(({ path }) => path.includes('lib'))
      .map(({ kind, path }) => `${kind} ${path}`);
    expect(paths).toEqual(['file MacOS/lib/a.dylib', 'nested-bundle MacOS/lib.d', 'file Resources/lib.d/a']);
  });
});

describe('when bundles are looked for among the data', () => {
  it('only those with a program count, and only the outermost', async () => {
    const inside = (folder: string) =>
      Object.fromEntries(
        Object.entries(nestedApp())
          .filter(([path]) => path.startsWith(`${APP}/`))
          .map(([path, content]) => [path.replace(APP, folder), content]),
      );
    const bundle = await appWith({
      ...inside('Resources/Helper.app'),
      ...inside('Resources/Helper.app/Contents/Resources/Deeper.app'),
      'Resources/Template.app/Contents/Info.plist': 'garbage',
      'Resources/data.bundle/data': '',
    });
    await expect(findDataBundles(bundle, rules)).resolves.toEqual(['Resources/Helper.app']);
  });
});
