import type { Patch } from '../bytes/patch.js';
import type { ByteSource } from '../bytes/source.js';
import type { Certificate } from '../crypto/certificate.js';
import type { CodeSettings } from './bundle/sign-file.js';
import type { Compat } from './compat.js';
import type { SignedCode } from './signature/signed-code.js';
import type { KeySignerRequest } from './signature/signer.js';
import type { SliceVerdict } from './signature/verify-slice.js';

/** A kind of file that is signed as one whole: a disk image, an installer package. */
export interface Format<Inspection> {
  readonly name: 'dmg' | 'pkg';
  /** Which of Apple's certificates sign it. */
  readonly certificateUse: 'application' | 'installer';
  /** By content first; the name decides only where content cannot. */
  recognizes(probe: Probe): boolean;
  /** @throws SigningError `NOT_SIGNABLE`, `UNSUPPORTED`, `MALFORMED`, `INVALID_OPTION`, `SIGNATURE_TOO_LARGE`, what the timestamp throws */
  sign(source: ByteSource, request: FormatRequest): Promise<SignedWhole>;
  /** Everything that is wrong is a finding; only errors of the machine are thrown. A package has no CodeDirectory. */
  verify(source: ByteSource, context: FormatContext): Promise<SliceVerdict>;
  /** @throws SigningError `NOT_SIGNABLE`, `UNSUPPORTED`, `MALFORMED` */
  inspect(source: ByteSource, context: FormatContext): Promise<Inspection>;
  /** @throws SigningError `NOT_SIGNED`, `NOT_SIGNABLE`, `UNSUPPORTED`, `MALFORMED` */
  removeSignature(source: ByteSource): Promise<readonly Patch[]>;
}

/** What a file shows from outside: its first and last 512 bytes, or all of it, and its name. */
export interface Probe {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  readonly fileName: string;
}

export const PROBE_SIZE = 512;

/** Of what can be said of code, what can be said of a whole. */
export type FormatSettings = Pick<CodeSettings, 'identifier' | 'flags' | 'requirements' | 'entitlements'>;

export interface FormatRequest {
  readonly fileName: string;
  readonly settings: FormatSettings;
  readonly compat: Compat;
  /** Undefined signs ad-hoc. */
  readonly credentials: Omit<KeySignerRequest, 'compat'> | undefined;
}

/** Nothing is written yet: these patches turn the source into the signed file. */
export interface SignedWhole {
  readonly patches: readonly Patch[];
  readonly signed: SignedImage | SignedPackage;
  /** What the user should know although it worked. */
  readonly warnings: readonly string[];
}

export interface SignedImage {
  readonly kind: 'dmg';
  readonly code: SignedCode;
}

export interface SignedPackage {
  readonly kind: 'pkg';
  /** Of the table of contents: what Apple knows the package by. */
  readonly checksum: { readonly algorithm: string; readonly value: Uint8Array };
}

export interface FormatContext {
  /** As findings name the file. */
  readonly path: string;
  readonly now: Date;
  readonly appleRoots: readonly Certificate[];
}
