import { join, resolve } from 'node:path';
import { openBundle } from './apple/bundle/bundle.js';
import { inspectSlice, type SliceInspection } from './apple/signature/inspect-slice.js';
import { namedError } from './apple/bundle/sign-file.js';
import { readMachOFile } from './apple/macho/read-file.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';
import { SigningError } from './system/error.js';
import { withSource } from './system/files.js';
import { kindOf } from './system/folder.js';

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
  const isBundle = (await kindOf(path)) === 'folder';
  const file = isBundle ? await mainExecutable(path) : path;
  try {
    return await withSource(file, async (source) => {
      const { machos, slices } = await readMachOFile(source);
      const inspected: SliceInspection[] = [];
      for (const [i, macho] of machos.entries())
        inspected.push(await inspectSlice(macho, slices?.[i]?.offset ?? 0, surroundings));
      return { format: isBundle ? 'bundle' : 'macho', slices: inspected };
    });
  } catch (error) {
    throw namedError(error, file);
  }
}

async function mainExecutable(path: string): Promise<string> {
  const { root, executable } = await openBundle(path);
  if (executable !== undefined) return join(root, executable);
  throw new SigningError('INVALID_BUNDLE', `${path} has no main executable`, {
    hint: 'name a program in it',
  });
}
