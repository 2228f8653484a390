import { dirname, join, posix, relative, sep } from 'node:path';
import { SigningError } from '../../system/error.js';
import { resolvedPath } from '../../system/folder.js';
import type { Bundle } from './bundle.js';
import { ruleFor, type Rule } from './rules.js';
import { isExcluded } from './walk.js';

/** Absolute links may only lead to what macOS itself brings (StaticCode.cpp, validateSymlinkResource). */
const SYSTEM_FOLDERS = /^\/(System|Library)\//;

/** A bundle with the rules of its seal. */
export interface Envelope {
  readonly bundle: Pick<Bundle, 'root' | 'executable'>;
  readonly rules: readonly Rule[];
}

/** The bundle that a link lies in, then those around it. */
export type Envelopes = readonly [Envelope, ...Envelope[]];

/** @throws SigningError `INVALID_SYMLINK` when the link leads out of the bundle, or nowhere */
export async function checkSealedLink(path: string, target: string, envelopes: Envelopes): Promise<void> {
  const problem = await linkProblem(path, target, envelopes);
  if (problem === undefined) return;
  throw new SigningError(
    'INVALID_SYMLINK',
    `${join(envelopes[0].bundle.root, path)} -> ${target}: invalid destination for symbolic link in bundle (${problem})`,
    { hint: 'link to something inside the bundle, by a relative path' },
  );
}

/** Why macOS would refuse this link; undefined when it would not. @param path relative to the innermost bundle's root */
export async function linkProblem(
  path: string,
  target: string,
  envelopes: Envelopes,
): Promise<string | undefined> {
  if (posix.isAbsolute(target))
    return SYSTEM_FOLDERS.test(posix.normalize(target)) ? undefined : 'it is absolute';
  const resolved = await resolvedPath(join(dirname(join(envelopes[0].bundle.root, path)), target));
  if (resolved === undefined) return 'it leads nowhere';
  // Links may lead into a bundle around theirs: Qt's helper app shares the frameworks of its app.
  for (const envelope of envelopes) {
    const inside = relative((await resolvedPath(envelope.bundle.root)) ?? '', resolved);
    if (inside === '..' || inside.startsWith(`..${sep}`)) continue;
    return isSealed(inside.replaceAll(sep, '/'), envelope)
      ? undefined
      : 'the seal does not cover what it leads to';
  }
  return 'it leads out of the bundle';
}

/** resources.cpp, includes: the main executable is signed though not sealed. */
function isSealed(path: string, { bundle, rules }: Envelope): boolean {
  if (path === bundle.executable) return true;
  const [top = ''] = path.split('/');
  return top !== '' && !isExcluded(top) && ruleFor(path, rules)?.omit === false;
}
