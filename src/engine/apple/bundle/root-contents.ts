import { join } from 'node:path';
import { SigningError } from '../../system/error.js';
import { kindOf, linkTarget, listFolder } from '../../system/folder.js';

/** Files that may stand beside `Contents` (bundlediskrep.cpp, setup). */
const BESIDE_CONTENTS = new Set(['.DS_Store', '.LSOverride', 'Icon\r', '.SoftwareDepot.tracking']);
/** Files that may stand beside `Versions` (bundlediskrep.cpp, validateFrameworkRoot). */
const BESIDE_VERSIONS = new Set(['.DS_Store', 'module.map']);

/** What lies beside the part of a bundle that its seal covers, where nothing may be. Apple's words are the message. */
export interface UnsealedEntry {
  readonly path: string;
  readonly message: string;
}

export async function unsealedEntries(path: string): Promise<UnsealedEntry[]> {
  if ((await kindOf(join(path, 'Contents'))) === 'folder') return besideContents(path);
  return (await kindOf(join(path, 'Versions'))) === 'folder' ? besideVersions(path) : [];
}

async function besideContents(path: string): Promise<UnsealedEntry[]> {
  const message = 'unsealed contents present in the bundle root';
  const entries = await listFolder(path);
  return entries
    .filter(({ name, kind }) => name !== 'Contents' && !(kind === 'file' && BESIDE_CONTENTS.has(name)))
    .map(({ name }) => ({ path: join(path, name), message }));
}

/** Beside the versions only links into the current one, and among them only folders and the link that says which that is. */
async function besideVersions(path: string): Promise<UnsealedEntry[]> {
  const message = 'unsealed contents present in the root directory of an embedded framework';
  const versions = join(path, 'Versions');
  const current = plainTarget(await linkTarget(join(versions, 'Current')));
  const unsealed: string[] = [];
  for (const { name, kind } of await listFolder(path)) {
    const isLink = kind === 'link' && leadsToNamesake(await linkTarget(join(path, name)), name, current);
    const isKnown = name === 'Versions' || (kind === 'file' && BESIDE_VERSIONS.has(name));
    if (!isLink && !isKnown) unsealed.push(join(path, name));
  }
  for (const { name, kind } of await listFolder(versions)) {
    const isKnown = name === 'Current' || (kind === 'file' && name === '.DS_Store');
    if (kind !== 'folder' && !isKnown) unsealed.push(join(versions, name));
  }
  return unsealed.map((entry) => ({ path: entry, message }));
}

function leadsToNamesake(target: string, name: string, current: string): boolean {
  return [`Versions/Current/${name}`, `Versions/${current}/${name}`].includes(plainTarget(target));
}

function plainTarget(target: string): string {
  return target.replace(/^\.\//, '');
}

/** All that a signature ever put into `_CodeSignature` (bundlediskrep.cpp, validateMetaDirectory). */
const PARTS = /^Code(?:Resources|Directory|Requirements(?:-\d)?|Signature|Entitlements(?:DER)?)$/;

/** What nobody looks at in the folder of the signature, which no seal covers. */
export async function unsealedParts(root: string): Promise<UnsealedEntry[]> {
  const folder = join(root, '_CodeSignature');
  const message = 'unsealed contents present in the bundle root';
  const kind = await kindOf(folder);
  if (kind !== 'folder') return kind === undefined ? [] : [{ path: folder, message }];
  return (await listFolder(folder))
    .filter((entry) => entry.kind !== 'file' || !PARTS.test(entry.name))
    .map(({ name }) => ({ path: join(folder, name), message }));
}

/** @throws SigningError `INVALID_BUNDLE` */
export async function checkRootContents(path: string): Promise<void> {
  const [unsealed] = await unsealedEntries(path);
  if (!unsealed) return;
  throw new SigningError('INVALID_BUNDLE', `${unsealed.path}: ${unsealed.message}`, {
    hint: "move it into the bundle (Contents/Resources, or the framework's current version) or remove it",
  });
}
