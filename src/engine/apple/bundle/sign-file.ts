import { basename } from 'node:path';
import { OutOfBounds } from '../../bytes/layout.js';
import type { Patch } from '../../bytes/patch.js';
import { SigningError, type ErrorCode } from '../../system/error.js';
import { patchOwnFile, withSource } from '../../system/files.js';
import type { HeaderRoom } from '../macho/make-room.js';
import { readMachOFile, type MachOFile } from '../macho/read-file.js';
import { describeSignedCode, type SignedCode } from '../signature/signed-code.js';
import { readPreserved, type Preservable } from '../signature/preserved.js';
import { signMachO, type Signer } from '../signature/sign-macho.js';
import type { EntitlementBlobs } from '../signature/sign-slice.js';

/** Where code lies on disk, and what it is called in settings and receipts. */
export interface Place {
  readonly path: string;
  /** Relative to what the user asked to sign; empty for that itself. */
  readonly name: string;
}

/** What the user wants for one piece of code. */
export interface CodeSettings {
  readonly identifier: string | undefined;
  /** CodeDirectory flags, hardened runtime included. */
  readonly flags: number;
  readonly runtimeVersion: number | undefined;
  readonly requirements: Uint8Array | undefined;
  readonly entitlements: EntitlementBlobs | undefined;
  readonly headerRoom: HeaderRoom;
  /** What is kept of an earlier signature where the settings say nothing. */
  readonly preserve: readonly Preservable[];
}

export interface CodeContext {
  readonly signer: Signer;
  /** `name` is relative to what the user asked to sign; empty for that itself. */
  readonly settingsFor: (name: string) => CodeSettings;
  /** Called once each piece of code is signed. */
  readonly onSigned: (code: SignedCode) => void;
}

/** The bundle that the file is the main executable of. */
export interface OwnBundle {
  readonly infoPlist: Uint8Array;
  readonly resources: Uint8Array;
  readonly identifier: string | undefined;
}

/** Signs a Mach-O file in place; it must be the caller's own copy. @throws SigningError that names the file */
export async function signFile(
  place: Place,
  own: { readonly bundle?: OwnBundle },
  context: CodeContext,
): Promise<SignedCode> {
  const { path, name } = place;
  try {
    return await withSource(path, async (source) => {
      const file = await readMachOFile(source);
      const { code, patches } = await signCode(place, file, own.bundle, context);
      await patchOwnFile(source, patches);
      context.onSigned(code);
      return code;
    });
  } catch (error) {
    throw namedError(error, name === '' ? basename(path) : name);
  }
}

/** Signs without writing: what a file would have to become, and what would then be said of it. */
export async function signCode(
  { path, name }: Place,
  file: MachOFile,
  bundle: OwnBundle | undefined,
  { signer, settingsFor }: CodeContext,
): Promise<{ code: SignedCode; patches: readonly Patch[] }> {
  const settings = await completeSettings(settingsFor(name), file, signer);
  const identifier = settings.identifier ?? bundle?.identifier;
  const own = { path: basename(path), infoPlist: bundle?.infoPlist, resources: bundle?.resources };
  const signed = await signMachO(file, { ...settings, ...own, identifier }, signer);
  const requirements = settings.requirements ?? signer.requirementsFor(signed.identifier);
  const slices = file.machos.map(({ arch, cpuType, cpuSubtype }, i) => ({
    arch,
    cpuType,
    cpuSubtype,
    ...signed.slices[i]!,
  }));
  const parts = { path: name, identifier: signed.identifier, requirements, slices };
  return { code: describeSignedCode(parts, signer.compat), patches: signed.patches };
}

/** Settings win over what is preserved; flags add up. */
async function completeSettings(settings: CodeSettings, file: MachOFile, { compat }: Signer) {
  const kept = await readPreserved(file, settings.preserve, compat.hostArch);
  return {
    ...settings,
    identifier: settings.identifier ?? kept.identifier,
    entitlements: settings.entitlements ?? kept.entitlements,
    requirements: settings.requirements ?? kept.requirements,
    flags: settings.flags | (kept.flags ?? 0),
    runtimeVersion: settings.runtimeVersion ?? kept.runtimeVersion,
    constraints: kept.constraints ?? [],
  };
}

/** Deep in a bundle, an error is worth little without the name of the file, and nowhere without the next action. */
export function namedError(error: unknown, name: string): unknown {
  if (error instanceof OutOfBounds) return namedError(new SigningError('MALFORMED', error.message), name);
  if (!(error instanceof SigningError)) return error;
  const { code, message, hint = HINT[code], cause } = error;
  return new SigningError(code, message.includes(name) ? message : `${name}: ${message}`, { hint, cause });
}

const HINT: Readonly<Partial<Record<ErrorCode, string>>> = {
  MALFORMED: 'the file is truncated or damaged: build it again',
  INVALID_PLIST: 'a property list in the file is damaged: build it again',
  NOT_SIGNABLE: 'name a program, a library, an app or a framework for macOS',
  NOT_SIGNED: 'nothing needs to be removed from it',
};
