import { join } from 'node:path';
import { listFolder } from '../../system/folder.js';

/*
 * Disks and archives that cannot hold a Mac's extended attributes keep them in files beside the real ones, called
 * `._` and the name (AppleDouble, RFC 1740). Sealed, they break the bundle: macOS merges them back when it copies them.
 */
export const APPLE_DOUBLE_HINT =
  "macOS left it behind when it copied to a disk or archive without extended attributes: remove it with find . -name '._*' -delete";

export function isAppleDouble(path: string): boolean {
  return /(^|[/\\])\._[^/\\]+$/.test(path);
}

/** What to tell the user of such files in a bundle. */
export async function appleDoubleWarnings(bundle: string): Promise<string[]> {
  const found = await appleDoubleFiles(bundle, '');
  return found.map((path) => `${path} is no part of the bundle (${APPLE_DOUBLE_HINT})`);
}

async function appleDoubleFiles(bundle: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name, kind } of await listFolder(join(bundle, folder))) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (kind === 'folder') found.push(...(await appleDoubleFiles(bundle, path)));
    else if (kind === 'file' && isAppleDouble(name)) found.push(path);
  }
  return found;
}
