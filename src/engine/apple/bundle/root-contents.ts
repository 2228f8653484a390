import { join } from 'node:path';
import { SigningError } from '../../system/error.js';
import { kindOf, linkTarget, listFolder } from '../../system/folder.js';

/** What may stand beside `Contents` (bundlediskrep.cpp, strictValidateStructure). */
const BESIDE_CONTENTS = new Set([
  'Contents',
  '.DS_Store',
  '.LSOverride',
  'Icon\r',
  '.SoftwareDepot.tracking',
]);
/** What may stand beside `Versions`, links into its current version aside. */
const BESIDE_VERSIONS = new Set(['Versions', '.DS_Store', 'module.map']);

/** What lies beside the part of a bundle that its seal covers, where nothing may be. Apple's words are the message. */
export interface UnsealedEntry {
  readonly path: string;
  readonly message: string;
}

export async function unsealedEntries(path: string): Promise<UnsealedEntry[]> {
  if ((await kindOf(join(path, 'Contents'))) === 'folder') {
    const entries = await listFolder(path);
    return entries
      .filter(({ name }) => !BESIDE_CONTENTS.has(name))
      .map(({ name }) => ({
        path: join(path, name),
        message: 'unsealed contents present in the bundle root',
      }));
  }
  return (await kindOf(join(path, 'Versions'))) === 'folder' ? besideVersions(path) : [];
}

async function besideVersions(path: string): Promise<UnsealedEntry[]> {
  const unsealed: UnsealedEntry[] = [];
  for (const { name, kind } of await listFolder(path)) {
    if (BESIDE_VERSIONS.has(name)) continue;
    const target = kind === 'link' ? await linkTarget(join(path, name)) : undefined;
    if (target === `Versions/Current/${name}`) continue;
    const message = 'unsealed contents present in the root directory of an embedded framework';
    unsealed.push({ path: join(path, name), message });
  }
  return unsealed;
}

/** @throws SigningError `INVALID_BUNDLE` */
export async function checkRootContents(path: string): Promise<void> {
  const [unsealed] = await unsealedEntries(path);
  if (!unsealed) return;
  throw new SigningError('INVALID_BUNDLE', `${unsealed.path}: ${unsealed.message}`, {
    hint: "move it into the bundle (Contents/Resources, or the framework's current version) or remove it",
  });
}
