import type { Patch } from '../../bytes/patch.js';
import type { ByteSource } from '../../bytes/source.js';
import { SigningError } from '../../system/error.js';
import type { Format } from '../format.js';
import { readingFormat } from '../unreadable.js';
import { beginsWithXar } from './header.js';
import { planHeap } from './heap-plan.js';
import { inspectPackage, type PackageInspection } from './inspect-package.js';
import { readPackage } from './package.js';
import { headPatches, newHead } from './rewrite.js';
import { signPackage } from './sign-package.js';
import { verifyPackage } from './verify-package.js';

const WHAT = 'the installer package';

/** Flat installer packages. What else is called .pkg is recognized so that the error can say why not. */
export const pkg: Format<PackageInspection> = {
  name: 'pkg',
  certificateUse: 'installer',
  recognizes: ({ head, fileName }) => beginsWithXar(head) || /\.m?pkg$/i.test(fileName),
  sign: (source, request) => readingFormat(WHAT, () => signPackage(source, request)),
  verify: verifyPackage,
  inspect: (source, context) => readingFormat(WHAT, () => inspectPackage(source, context)),
  removeSignature: (source) => readingFormat(WHAT, () => removeSignature(source)),
};

async function removeSignature(source: ByteSource): Promise<readonly Patch[]> {
  const opened = await readPackage(source);
  if (opened.toc.signatures.length === 0)
    throw new SigningError('NOT_SIGNED', 'the installer package is not signed');
  const plan = planHeap(opened.toc.checksum?.algorithm ?? 'sha256', []);
  return headPatches(opened, newHead(opened, plan), plan, []);
}
