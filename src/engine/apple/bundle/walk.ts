import { join } from 'node:path';
import { SigningError } from '../../system/error.js';
import { listFolder } from '../../system/folder.js';
import { openBundle, type Bundle } from './bundle.js';
import { ruleFor, type Rule } from './rules.js';

/** One thing in a bundle; paths count from the bundle's root and have forward slashes. */
export type BundleEntry =
  | { readonly kind: 'file'; readonly path: string; readonly rule: Rule | undefined }
  | { readonly kind: 'link'; readonly path: string; readonly rule: Rule | undefined }
  /** A folder that is code of its own and is not looked into. */
  | { readonly kind: 'nested-bundle'; readonly path: string; readonly rule: Rule };

/** Never sealed, whatever the rules say (bundlediskrep.cpp): the signature itself, the ticket, the receipt of the App Store. */
const EXCLUDED = /^(_CodeSignature|CodeResources|_MASReceipt)$/;

/** @param path relative to the bundle's root */
export function isExcluded(path: string): boolean {
  return EXCLUDED.test(path);
}

/**
 * Everything below the bundle's root that the seal has a word on, folders aside; `rules` are the second generation's.
 * @throws SigningError `UNSUPPORTED` for sockets, pipes and devices, `INVALID_SYMLINK` for a `.DS_Store` that is a link
 */
export async function walkBundle(
  bundle: Pick<Bundle, 'root' | 'executable'>,
  rules: readonly Rule[],
): Promise<BundleEntry[]> {
  const entries: BundleEntry[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const { name, kind } of await listFolder(join(bundle.root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (isExcluded(path) || path === bundle.executable) continue;
      const rule = ruleFor(path, rules);
      switch (kind) {
        case 'folder':
          // Apple's test for "is this code": a rule says nested, and the name has an extension.
          if (rule?.nested === true && name.includes('.'))
            entries.push({ kind: 'nested-bundle', path, rule });
          else await walk(path);
          break;
        case 'link':
          if (name.toLowerCase() === '.ds_store') throw finderLink(join(bundle.root, path));
          entries.push({ kind, path, rule });
          break;
        case 'file':
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

/** Files of this name are not sealed: as a link it would smuggle anything in (resources.cpp, errSecCSDSStoreSymlink). */
function finderLink(path: string): SigningError {
  return new SigningError('INVALID_SYMLINK', `${path}: .DS_Store cannot be a symbolic link`, {
    hint: 'remove it from the bundle',
  });
}

/** Folders of these kinds are bundles wherever they lie, also where the seal takes them for data. */
const BUNDLE_EXTENSION =
  /\.(app|appex|bundle|component|framework|kext|mdimporter|plugin|prefPane|qlgenerator|saver|service|systemextension|xctest|xpc)$/;

/**
 * The bundles with a program among the data of `bundle`, outermost only: they are signed like the others, though sealed
 * file by file. What only looks like a bundle, a template for example, is data and nothing else.
 */
export async function findDataBundles(
  bundle: Pick<Bundle, 'root'>,
  rules: readonly Rule[],
): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const { name, kind } of await listFolder(join(bundle.root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (kind !== 'folder' || isExcluded(path)) continue;
      if (ruleFor(path, rules)?.nested === true && name.includes('.')) continue;
      if (BUNDLE_EXTENSION.test(name) && (await hasProgram(join(bundle.root, path)))) found.push(path);
      else await walk(path);
    }
  };
  await walk('');
  return found;
}

async function hasProgram(path: string): Promise<boolean> {
  try {
    return (await openBundle(path)).hasProgram;
  } catch (error) {
    if (error instanceof SigningError && error.code.startsWith('INVALID_')) return false;
    throw error;
  }
}
