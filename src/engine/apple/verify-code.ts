import { withSource } from '../system/files.js';
import { kindOf } from '../system/folder.js';
import { SigningError } from '../system/error.js';
import type { Requirement } from './signature/requirement.js';
import type { VerifyContext } from './signature/verify-signature.js';
import { verifyBundle } from './verify-bundle.js';
import { BARE, judged, verifyFile, type CodeVerdict } from './verify-file.js';
import { wholeFormatOf, type WholeFormat } from './whole-formats.js';

/** Verifies a program or a bundle. @throws SigningError `NOT_FOUND`, `INVALID_OPTION` */
export async function verifyCode(
  path: string,
  required: Requirement | undefined,
  context: VerifyContext,
): Promise<CodeVerdict> {
  switch (await kindOf(path)) {
    case 'folder':
      return verifyBundle(path, required, context);
    case 'file': {
      const format = await wholeFormatOf(path);
      return format
        ? verifyWhole(path, format, required, context)
        : verifyFile(path, BARE, required, context);
    }
    case undefined:
      throw new SigningError('NOT_FOUND', `${path} does not exist`, {
        hint: 'build and sign it first, or check the path',
      });
    case 'link':
    case 'other':
      throw new SigningError('INVALID_OPTION', `${path} is neither a file nor a folder`, {
        hint: 'give the path that the link leads to',
      });
  }
}

async function verifyWhole(
  path: string,
  format: WholeFormat,
  required: Requirement | undefined,
  context: VerifyContext,
): Promise<CodeVerdict> {
  const slice = await withSource(path, (source) => format.verify(source, { ...context, path }));
  return judged(path, [slice], required, context);
}
