import { SigningError } from '../../system/error.js';
import type { Format } from '../format.js';
import { readingFormat } from '../unreadable.js';
import { looksEncrypted } from './encrypted.js';
import { readImage, removalPatch } from './image.js';
import { inspectImage, type ImageInspection } from './inspect-image.js';
import { endsWithKoly } from './koly.js';
import { signImage } from './sign-image.js';
import { verifyImage } from './verify-image.js';

const WHAT = 'the disk image';

/** Disk images in Apple's UDIF, those that end with `koly`. Others are recognized so that the error can say why not. */
export const dmg: Format<ImageInspection> = {
  name: 'dmg',
  certificateUse: 'application',
  recognizes: ({ head, tail, fileName }) =>
    endsWithKoly(tail) || looksEncrypted(head, tail) || /\.dmg$/i.test(fileName),
  sign: (source, request) => readingFormat(WHAT, () => signImage(source, request)),
  verify: verifyImage,
  inspect: (source, context) => readingFormat(WHAT, () => inspectImage(source, context)),
  removeSignature: (source) =>
    readingFormat(WHAT, async () => {
      const image = await readImage(source);
      if (image.signature) return [removalPatch(image)];
      throw new SigningError('NOT_SIGNED', 'the disk image is not signed');
    }),
};
