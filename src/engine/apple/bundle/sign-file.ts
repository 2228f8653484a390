import { basename } from 'node:path';
import { SigningError } from '../../system/error.js';
import { openSource, patchOwnFile } from '../../system/files.js';
import { readMachOFile } from '../macho/read-file.js';
import { describeSignedMachO, type SignedCode } from '../signature/signed-code.js';
import { signMachO, type Signer } from '../signature/sign-macho.js';
import type { EntitlementBlobs } from '../signature/sign-slice.js';

/** What the user wants for one piece of code. */
export interface CodeSettings {
  readonly identifier: string | undefined;
  /** CodeDirectory flags, hardened runtime included. */
  readonly flags: number;
  readonly runtimeVersion: number | undefined;
  readonly requirements: Uint8Array | undefined;
  readonly entitlements: EntitlementBlobs | undefined;
}

export interface CodeContext {
  readonly signer: Signer;
  /** `name` is relative to what the user asked to sign; empty for that itself. */
  settingsFor(name: string): CodeSettings;
  /** Called once each piece of code is signed. */
  onSigned(code: SignedCode): void;
}

/** The bundle that the file is the main executable of. */
export interface OwnBundle {
  readonly infoPlist: Uint8Array;
  readonly resources: Uint8Array;
  readonly identifier: string | undefined;
}

/** Signs a Mach-O file in place; it must be the caller's own copy. @throws SigningError that names the file */
export async function signFile(
  path: string,
  name: string,
  own: { bundle?: OwnBundle },
  context: CodeContext,
): Promise<SignedCode> {
  const { signer } = context;
  const settings = context.settingsFor(name);
  const source = await openSource(path);
  try {
    const file = await readMachOFile(source);
    const signed = await signMachO(
      file,
      {
        path: basename(name === '' ? path : name),
        ...settings,
        identifier: settings.identifier ?? own.bundle?.identifier,
        infoPlist: own.bundle?.infoPlist,
        resources: own.bundle?.resources,
      },
      signer,
    );
    await patchOwnFile(source, signed.patches);
    const requirements = settings.requirements ?? signer.requirementsFor(signed.identifier);
    const code = describeSignedMachO(name, file, signed, requirements, signer.compat);
    context.onSigned(code);
    return code;
  } catch (error) {
    throw withPath(error, name === '' ? basename(path) : name);
  } finally {
    await source.close();
  }
}

/** Deep in a bundle, an error is worth little without the name of the file. */
function withPath(error: unknown, name: string): unknown {
  if (error instanceof Error && error.name === 'OutOfBounds') {
    return new SigningError('MALFORMED', `${name}: ${error.message}`, {
      hint: 'the file is truncated or damaged',
    });
  }
  if (!(error instanceof SigningError) || error.message.includes(name)) return error;
  return new SigningError(error.code, `${name}: ${error.message}`, { hint: error.hint, cause: error.cause });
}
