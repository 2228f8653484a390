import { join } from 'node:path';
import { SigningError } from '../../system/error.js';
import { kindOf, listFolder } from '../../system/folder.js';
import type { Bundle } from './bundle.js';
import { ruleFor, type Rule } from './rules.js';

/** One thing in a bundle; paths count from the bundle's root and have forward slashes. */
export type BundleEntry =
  | { readonly kind: 'file'; readonly path: string; readonly rule: Rule | undefined }
  | { readonly kind: 'link'; readonly path: string; readonly rule: Rule | undefined }
  /** A folder that is code of its own and is not looked into. */
  | { readonly kind: 'nested-bundle'; readonly path: string; readonly rule: Rule };

/** Never sealed, whatever the rules say (bundlediskrep.cpp): the signature itself, the ticket, the receipt of the App Store. */
const EXCLUDED = /^(_CodeSignature|CodeResources|_MASReceipt)$/;

/**
 * Everything below the bundle's root that the seal has a word on, folders aside; `rules` are the second generation's.
 * @throws SigningError `UNSUPPORTED` for sockets, pipes and devices
 */
export async function walkBundle(
  bundle: Pick<Bundle, 'root' | 'executable'>,
  rules: readonly Rule[],
): Promise<BundleEntry[]> {
  const entries: BundleEntry[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const { name, kind } of await listFolder(join(bundle.root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (EXCLUDED.test(path) || path === bundle.executable) continue;
      const rule = ruleFor(path, rules);
      switch (kind) {
        case 'folder':
          // Apple's test for "is this code": a rule says nested, and the name has an extension.
          if (rule?.nested === true && name.includes('.'))
            entries.push({ kind: 'nested-bundle', path, rule });
          else await walk(path);
          break;
        case 'file':
        case 'link':
          entries.push({ kind, path, rule });
          break;
        case 'other':
          throw new SigningError(
            'UNSUPPORTED',
            `${join(bundle.root, path)} is neither a file, a folder nor a link`,
            {
              hint: 'remove it from the bundle',
            },
          );
      }
    }
  };
  await walk('');
  return entries;
}

/** Folders of these kinds are bundles wherever they lie, also where the seal takes them for data. */
const BUNDLE_EXTENSION =
  /\.(app|appex|bundle|component|framework|kext|mdimporter|plugin|prefPane|qlgenerator|saver|service|systemextension|xctest|xpc)$/;

/** The bundles among the data of `bundle`, outermost only; they are signed like the others, though sealed file by file. */
export async function findDataBundles(
  bundle: Pick<Bundle, 'root'>,
  rules: readonly Rule[],
): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const { name, kind } of await listFolder(join(bundle.root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (kind !== 'folder' || EXCLUDED.test(path)) continue;
      if (ruleFor(path, rules)?.nested === true && name.includes('.')) continue;
      if (BUNDLE_EXTENSION.test(name) && (await hasInfoPlist(join(bundle.root, path)))) found.push(path);
      else await walk(path);
    }
  };
  await walk('');
  return found;
}

async function hasInfoPlist(path: string): Promise<boolean> {
  const places = ['Contents/Info.plist', 'Versions/Current', 'Resources/Info.plist', 'Info.plist'];
  const kinds = await Promise.all(places.map((place) => kindOf(join(path, place))));
  return kinds.some((kind) => kind !== undefined);
}
