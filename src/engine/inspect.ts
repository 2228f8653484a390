import { join, resolve } from 'node:path';
import { openBundle } from './apple/bundle/bundle.js';
import { isMachO } from './apple/bundle/nested-code.js';
import { readParts, SCRIPT } from './apple/bundle/script-signature.js';
import { inspectSignature, inspectSlice, type SliceInspection } from './apple/signature/inspect-slice.js';
import { namedError } from './apple/bundle/sign-file.js';
import { readMachOFile } from './apple/macho/read-file.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';
import { withSource } from './system/files.js';
import { kindOf, sizesOf } from './system/folder.js';

export interface InspectOptions {
  /** A Mach-O file, or a bundle, whose main executable is looked at. */
  readonly path: string;
}

/** JSON as it stands. */
export interface Inspection {
  readonly format: 'macho' | 'bundle';
  readonly slices: readonly SliceInspection[];
}

/**
 * Tells what the signature of each architecture says; whether it is true is for `verify`.
 * @throws SigningError `NOT_FOUND`, `NOT_SIGNABLE`, `MALFORMED`, `INVALID_BUNDLE`
 */
export async function inspect(
  options: InspectOptions,
  given: Partial<Surroundings> = {},
): Promise<Inspection> {
  const surroundings = await completeSurroundings(given);
  const path = resolve(surroundings.cwd, options.path);
  if ((await kindOf(path)) !== 'folder')
    return { format: 'macho', slices: await inspectFile(path, surroundings) };
  const { root, executable } = await openBundle(path);
  const main = join(root, executable);
  const slices = (await isMachO(main))
    ? await inspectFile(main, surroundings)
    : [await inspectScript(main, root, surroundings)];
  return { format: 'bundle', slices };
}

async function inspectFile(path: string, surroundings: Surroundings): Promise<SliceInspection[]> {
  try {
    return await withSource(path, async (source) => {
      const { machos, slices } = await readMachOFile(source);
      const inspected: SliceInspection[] = [];
      for (const [i, macho] of machos.entries()) {
        inspected.push(await inspectSlice(macho, slices?.[i]?.offset ?? 0, surroundings));
      }
      return inspected;
    });
  } catch (error) {
    throw namedError(error, path);
  }
}

async function inspectScript(
  path: string,
  root: string,
  surroundings: Surroundings,
): Promise<SliceInspection> {
  const signature = await readParts(join(root, '_CodeSignature'));
  const [size] = sizesOf([path]);
  return {
    arch: SCRIPT,
    offset: 0,
    size: size!,
    signature: signature ? inspectSignature(signature, 0, surroundings) : null,
  };
}
