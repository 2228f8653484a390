import { basename, dirname, join } from 'node:path';
import { namedError } from './apple/bundle/sign-file.js';
import { resolveCompat, type Compat, type CompatName } from './apple/compat.js';
import { filePatches, readMachOFile } from './apple/macho/read-file.js';
import { wholeFormatOf } from './apple/whole-formats.js';
import type { Patch } from './bytes/patch.js';
import { removalPatches } from './apple/macho/remove-signature.js';
import { resolvePlaces, type PlacesRequest } from './output.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';
import { SigningError } from './system/error.js';
import { withSource, writePatched, type FileSource } from './system/files.js';
import { withStaging } from './system/staging.js';

export interface RemoveSignatureOptions extends PlacesRequest {
  /**
   * Which release of codesign to be equal to. By default the file becomes what a linker would have made of it: codesign
   * leaves __LINKEDIT larger in memory than the file needs.
   */
  readonly compat?: CompatName | Partial<Compat> | undefined;
}

/**
 * Writes a Mach-O file without its signature. Slices that have none stay as they are.
 * @throws SigningError `NOT_SIGNED` when no slice has one, `NOT_SIGNABLE`, `MALFORMED`, …
 */
export async function removeSignature(
  options: RemoveSignatureOptions,
  given: Partial<Surroundings> = {},
): Promise<{ outputPath: string }> {
  const { cwd } = await completeSurroundings(given);
  const { path, outputPath, kind } = await resolvePlaces(options, cwd);
  if (kind === 'folder') {
    throw new SigningError(
      'UNSUPPORTED',
      `${path} is a folder: signatures are removed from programs, not from bundles`,
      {
        hint: 'name the main executable; a bundle that is signed again needs nothing removed first',
      },
    );
  }
  const { allocator, trimsPadding } = resolveCompat(options.compat);
  const request = { trimsPadding, shrinksLinkedit: options.compat === undefined };
  try {
    const format = await wholeFormatOf(path);
    await withSource(path, async (source) => {
      if (format) return writeStaged(source, await format.removeSignature(source), outputPath);
      const file = await readMachOFile(source);
      if (file.machos.every(({ codeSignature }) => !codeSignature))
        throw new SigningError('NOT_SIGNED', 'code object is not signed at all');
      const patches = file.machos.map((macho) => (macho.codeSignature ? removalPatches(macho, request) : []));
      await writeStaged(source, filePatches(file, patches, allocator), outputPath);
    });
  } catch (error) {
    throw namedError(error, path);
  }
  return { outputPath };
}

function writeStaged(source: FileSource, patches: readonly Patch[], outputPath: string): Promise<void> {
  return withStaging(dirname(outputPath), (folder) =>
    writePatched(source, patches, join(folder, basename(outputPath)), source.mode),
  );
}
