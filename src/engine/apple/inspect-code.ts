import { join } from 'node:path';
import { withSource } from '../system/files.js';
import { kindOf, sizesOf } from '../system/folder.js';
import { openBundle } from './bundle/bundle.js';
import type { ImageInspection } from './dmg/inspect-image.js';
import type { PackageInspection } from './pkg/inspect-package.js';
import { wholeFormatOf } from './whole-formats.js';
import { isMachO } from './bundle/nested-code.js';
import { readParts, SCRIPT } from './bundle/script-signature.js';
import { namedError } from './bundle/sign-file.js';
import { readMachOFile } from './macho/read-file.js';
import {
  inspectSignature,
  inspectSlice,
  type InspectContext,
  type SliceInspection,
} from './signature/inspect-slice.js';

/** JSON as it stands. */
export type Inspection = CodeInspection | ImageInspection | PackageInspection;

export interface CodeInspection {
  readonly format: 'macho' | 'bundle';
  readonly slices: readonly SliceInspection[];
}

/** What the signature of a file, or of a bundle's main executable, says of itself. */
export async function inspectCode(path: string, context: InspectContext): Promise<Inspection> {
  if ((await kindOf(path)) !== 'folder') return inspectAnyFile(path, context);
  const { root, executable } = await openBundle(path);
  const main = join(root, executable);
  const slices = (await isMachO(main))
    ? await inspectFile(main, context)
    : [await inspectScript(main, root, context)];
  return { format: 'bundle', slices };
}

async function inspectAnyFile(path: string, context: InspectContext): Promise<Inspection> {
  const format = await wholeFormatOf(path);
  if (!format) return { format: 'macho', slices: await inspectFile(path, context) };
  const { clock, appleRoots } = context;
  return withSource(path, (source) => format.inspect(source, { path, now: clock.now(), appleRoots }));
}

async function inspectFile(path: string, context: InspectContext): Promise<SliceInspection[]> {
  try {
    return await withSource(path, async (source) => {
      const { machos, slices } = await readMachOFile(source);
      const inspected: SliceInspection[] = [];
      for (const [i, macho] of machos.entries()) {
        inspected.push(await inspectSlice(macho, slices?.[i]?.offset ?? 0, context));
      }
      return inspected;
    });
  } catch (error) {
    throw namedError(error, path);
  }
}

async function inspectScript(path: string, root: string, context: InspectContext): Promise<SliceInspection> {
  const signature = await readParts(join(root, '_CodeSignature'));
  const [size] = sizesOf([path]);
  return {
    arch: SCRIPT,
    offset: 0,
    size: size!,
    signature: signature ? inspectSignature(signature, 0, context) : null,
  };
}
