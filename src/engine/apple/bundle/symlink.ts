import { dirname, join, posix, relative, sep } from 'node:path';
import { SigningError } from '../../system/error.js';
import { resolvedPath } from '../../system/folder.js';
import type { Bundle } from './bundle.js';

/** Absolute links may only lead to what macOS itself brings (StaticCode.cpp, validateSymlinkResource). */
const SYSTEM_FOLDERS = /^\/(System|Library)\//;

/** @throws SigningError `INVALID_SYMLINK` when the link leads out of the bundle, or nowhere */
export async function checkSealedLink(path: string, target: string, bundle: Bundle): Promise<void> {
  const problem = await linkProblem(path, target, bundle);
  if (problem === undefined) return;
  throw new SigningError(
    'INVALID_SYMLINK',
    `${join(bundle.root, path)} -> ${target}: invalid destination for symbolic link in bundle (${problem})`,
    { hint: 'link to something inside the bundle, by a relative path' },
  );
}

/** Why macOS would refuse this link; undefined when it would not. */
export async function linkProblem(
  path: string,
  target: string,
  bundle: Pick<Bundle, 'path' | 'root'>,
): Promise<string | undefined> {
  if (posix.isAbsolute(target))
    return SYSTEM_FOLDERS.test(posix.normalize(target)) ? undefined : 'it is absolute';
  const bundleFolder = await resolvedPath(bundle.path);
  const resolved = await resolvedPath(join(dirname(join(bundle.root, path)), target));
  if (resolved === undefined || bundleFolder === undefined) return 'it leads nowhere';
  const inside = relative(bundleFolder, resolved);
  return inside === '..' || inside.startsWith(`..${sep}`) ? 'it leads out of the bundle' : undefined;
}
