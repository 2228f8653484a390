import { SigningError } from '../../system/error.js';
import { isBinaryPlist, readPlist } from '../../system/plist/read.js';
import { isPlistDict, type PlistDict } from '../../system/plist/value.js';
import { writeXmlPlist } from '../../system/plist/write-xml.js';
import { blobHeader, encodeBlob, payloadOf } from './blob.js';
import { entitlementsDer } from './entitlements-der.js';
import { MAGIC } from './magic.js';
import type { EntitlementBlobs } from './sign-slice.js';

export interface Entitlements {
  /** The file's own bytes, which the signature covers as they are; a binary property list is rewritten as XML. */
  readonly xml: Uint8Array;
  readonly value: PlistDict;
}

/**
 * Reads what `codesign --entitlements` takes: an XML or binary property list, or the blob around one that older
 * versions of `codesign -d --entitlements` write.
 * @throws SigningError `INVALID_PLIST`, `INVALID_ENTITLEMENTS` when it is no dictionary
 */
export function readEntitlements(file: Uint8Array): Entitlements {
  const list = unwrapped(file);
  // The kernel, its helper and the tools have parsers of their own: none may see what another does not.
  const value = readPlist(list, { duplicateKeys: 'refuse' });
  if (!isPlistDict(value))
    throw new SigningError('INVALID_ENTITLEMENTS', 'the entitlements are not a dictionary', {
      hint: 'put the entitlements between <dict> and </dict>',
    });
  return { xml: isBinaryPlist(list) ? writeXmlPlist(value) : list, value };
}

/**
 * Entitlements as a signature has them: as XML and as DER, each in a blob, and the flags that follow from them.
 * @throws SigningError `INVALID_ENTITLEMENTS` when DER cannot carry a value
 */
export function entitlementBlobs({ xml, value }: Entitlements): EntitlementBlobs {
  return {
    xml: encodeBlob(MAGIC.entitlements, xml),
    der: encodeBlob(MAGIC.entitlementsDer, entitlementsDer(value)),
    execFlags: execSegFlags(value),
  };
}

/** signer.cpp, cookEntitlements; `com.apple.security.get-task-allow` is not among them. */
const EXEC_SEG_FLAGS: Readonly<Record<string, number>> = {
  'get-task-allow': 0x10,
  'run-unsigned-code': 0x10,
  'com.apple.private.cs.debugger': 0x20,
  'dynamic-codesigning': 0x40,
  'com.apple.private.skip-library-validation': 0x80,
  'com.apple.private.amfi.can-load-cdhash': 0x100,
  'com.apple.private.amfi.can-execute-cdhash': 0x200,
};

/** The bits of a main executable's `execSegFlags` that entitlements with the value true ask for. */
export function execSegFlags(value: PlistDict): number {
  return Object.entries(EXEC_SEG_FLAGS)
    .filter(([key]) => value[key] === true)
    .reduce((flags, [, flag]) => flags | flag, 0);
}

function unwrapped(file: Uint8Array): Uint8Array {
  if (file.length < blobHeader.size) return file;
  const { magic, length } = blobHeader.read(file);
  return magic === MAGIC.entitlements && length === file.length ? payloadOf(file) : file;
}
