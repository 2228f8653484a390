import { mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeSignature, sign } from '../src/engine/index.js';
import { listCode } from '../src/engine/apple/bundle/nested-code.js';
import { openBundle } from '../src/engine/apple/bundle/bundle.js';
import { copyTree, withSource } from '../src/engine/system/files.js';
import { kindOf, listFolder } from '../src/engine/system/folder.js';
import type { Comparison } from './resign.js';
import { firstDifference, withoutPadding } from './stored-slice.js';

/** Signs a stripped copy of a whole ad-hoc bundle, told nothing at all, and compares every file of it. */
export async function resignBundle(path: string, folder: string): Promise<Comparison> {
  const copy = join(await mkdtemp(join(folder, 'bundle-')), basename(path));
  await copyTree(path, copy);
  for (const name of await listCode(copy)) await stripCode(join(copy, name));
  await sign({ path: copy, inPlace: true, identity: 'adhoc', hardenedRuntime: false }, { env: {} });
  return { 'whole bundle': await differentFile(path, copy, '') };
}

/** The program, and the seal of the bundle around it. */
async function stripCode(path: string): Promise<void> {
  if ((await kindOf(path)) === 'file') {
    await removeSignature({ path, inPlace: true });
    return;
  }
  const { root, executable } = await openBundle(path);
  await rm(join(root, '_CodeSignature'), { recursive: true });
  await removeSignature({ path: join(root, executable), inPlace: true });
}

async function differentFile(original: string, copy: string, name: string): Promise<string | undefined> {
  const [theirs, ours] = [await listFolder(join(original, name)), await listFolder(join(copy, name))];
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) return `what is in ${name} differs`;
  for (const entry of theirs) {
    const path = join(name, entry.name);
    const difference =
      entry.kind === 'folder'
        ? await differentFile(original, copy, path)
        : await differentContent(join(original, path), join(copy, path), path);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

async function differentContent(original: string, copy: string, name: string): Promise<string | undefined> {
  return withSource(original, (theirs) =>
    withSource(copy, async (ours) => {
      const at = await firstDifference(await withoutPadding(ours), await withoutPadding(theirs));
      return at === undefined ? undefined : `${name} differs at offset 0x${at.toString(16)}`;
    }),
  );
}
