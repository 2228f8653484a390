import { basename, join } from 'node:path';
import { bothDone } from '../system/concurrency.js';
import { SigningError } from '../system/error.js';
import { copyTree, patchOwnFile, withSource, writePatched, writeSmallFile } from '../system/files.js';
import { kindOf } from '../system/folder.js';
import { appleDoubleWarnings } from './bundle/apple-double.js';
import { openBundle } from './bundle/bundle.js';
import { signBundle } from './bundle/sign-bundle.js';
import { namedError, signCode, type CodeContext } from './bundle/sign-file.js';
import type { FormatRequest, SignedPackage } from './format.js';
import { readMachOFile } from './macho/read-file.js';
import type { SignedCode } from './signature/signed-code.js';
import type { WholeFormat } from './whole-formats.js';

/** What was signed: code, nested code first; or a package, which is none. */
export interface Signed {
  readonly code: readonly SignedCode[];
  readonly checksum: SignedPackage['checksum'] | undefined;
  readonly warnings: readonly string[];
}

/** Where a Mac app carries its profile. */
export const PROFILE = join('Contents', 'embedded.provisionprofile');

/** Writes a signed copy of a bundle; `profile` goes into it. */
export async function signBundleInto(
  path: string,
  copy: string,
  profile: Uint8Array | undefined,
  context: CodeContext,
): Promise<Signed> {
  await copyTree(path, copy);
  if (profile) await embedProfile(copy, profile);
  const warnings = await appleDoubleWarnings(copy);
  return { code: await signBundle({ path: copy, name: '' }, context), checksum: undefined, warnings };
}

async function embedProfile(app: string, profile: Uint8Array): Promise<void> {
  const path = join((await openBundle(app)).root, basename(PROFILE));
  if ((await kindOf(path)) === 'link') {
    // Through it, a file outside of the bundle would be overwritten.
    throw new SigningError('INVALID_BUNDLE', `${path} is a symbolic link`, {
      hint: 'remove it from the bundle',
    });
  }
  await writeSmallFile(path, profile);
}

/** Writes a signed copy of a program; the signature is made from the original while the copy is being written. */
export async function signProgramInto(path: string, copy: string, context: CodeContext): Promise<Signed> {
  try {
    return await withSource(path, async (source) => {
      const file = await readMachOFile(source);
      const [{ code, patches }] = await bothDone(
        signCode({ path, name: '' }, file, undefined, context),
        writePatched(source, [], copy, source.mode),
      );
      await withSource(copy, (own) => patchOwnFile(own, patches));
      context.onSigned(code);
      return { code: [code], checksum: undefined, warnings: [] };
    });
  } catch (error) {
    throw namedError(error, path);
  }
}

/** Writes a signed copy of a disk image or a package. */
export async function signWholeInto(
  path: string,
  copy: string,
  format: WholeFormat,
  request: Omit<FormatRequest, 'fileName'>,
): Promise<Signed> {
  try {
    return await withSource(path, async (source) => {
      const { patches, signed, warnings } = await format.sign(source, {
        ...request,
        fileName: basename(path),
      });
      await writePatched(source, patches, copy, source.mode);
      const isCode = signed.kind === 'dmg';
      return { code: isCode ? [signed.code] : [], checksum: isCode ? undefined : signed.checksum, warnings };
    });
  } catch (error) {
    throw namedError(error, path);
  }
}
