import { resolve } from 'node:path';
import { appleKindOf } from './apple/certificates.js';
import { codeSettings, type CodeWishes } from './apple/code-settings.js';
import { resolveCompat, type Compat, type CompatName } from './apple/compat.js';
import type { CodeSettings } from './apple/bundle/sign-file.js';
import type { HeaderRoom } from './apple/macho/make-room.js';
import { readEntitlements, type Entitlements } from './apple/signature/entitlements.js';
import type { Preservable } from './apple/signature/preserved.js';
import { adhocSigner, keySigner, type KeySignerRequest } from './apple/signature/signer.js';
import type { Signer } from './apple/signature/sign-macho.js';
import { checkKind, type CertificateUse } from './identity/kind.js';
import type { Identity } from './identity/resolve.js';
import type { Surroundings } from './surroundings.js';
import { SigningError } from './system/error.js';
import { readSmallFile } from './system/files.js';
import type { PlistDict } from './system/plist/value.js';
import { writeXmlPlist } from './system/plist/write-xml.js';
import { timestampSource, type TimestampOption, type TimestampSource } from './timestamp-source.js';

/** What can be set for each piece of code. */
export interface CodeOptions {
  /** By default the bundle identifier, or the name of the file. */
  readonly identifier?: string | undefined;
  /** A property list file, or its value. Nested code never takes those of the whole. */
  readonly entitlements?: string | PlistDict | undefined;
  /** Names as of `codesign --options`, beside `runtime`. */
  readonly flags?: readonly string[] | undefined;
  /** On by default: notarization asks for it. */
  readonly hardenedRuntime?: boolean | undefined;
  /** `x[.y[.z]]`; by default the version of the SDK. */
  readonly runtimeVersion?: string | undefined;
  /** In Apple's requirement language: a condition, or a set with labels. */
  readonly requirements?: string | undefined;
  /**
   * When the linker left no room for the signature's load command: refuse, which is the default, or take the place of
   * LC_SOURCE_VERSION, which nothing reads.
   */
  readonly headerRoom?: HeaderRoom | undefined;
  /**
   * What to keep of an earlier signature where these options say nothing: `identifier`, `entitlements`, `requirements`,
   * `flags`, `runtime`, `constraints`. By default nothing, as with codesign; a linker's signature has nothing to keep.
   */
  readonly preserve?: readonly Preservable[] | undefined;
}

/** What decides how things are signed, the same for everything in one run. */
export interface JobOptions extends CodeOptions {
  /** By default Apple's server for Developer ID, and none otherwise. */
  readonly timestamp?: TimestampOption | undefined;
  /** By default the present; the same time and key give the same signature. */
  readonly signingTime?: Date | undefined;
  /** Which release of codesign to be equal to; the newest by default. */
  readonly compat?: CompatName | Partial<Compat> | undefined;
  /** Settings for nested code by glob of its path within the bundle, such as `Contents/XPCServices/*`. */
  readonly paths?: Readonly<Record<string, CodeOptions>> | undefined;
  /** A profile from Apple for the app to carry, checked against its entitlements and certificate. */
  readonly provisioningProfile?: string | undefined;
}

/** The options of a run, read and checked. */
export interface SigningJob {
  readonly settingsFor: (name: string) => CodeSettings;
  readonly entitlements: PlistDict;
  readonly profile: Uint8Array | undefined;
  readonly signingTime: Date;
  readonly compat: Compat;
  readonly signer: Signer;
  /** Undefined signs ad-hoc. */
  readonly credentials: Omit<KeySignerRequest, 'compat'> | undefined;
  readonly timestamps: TimestampSource | undefined;
}

/**
 * Reads what the options name, and checks it before anything is signed.
 * @throws SigningError `INVALID_OPTION`, `INVALID_ENTITLEMENTS`, `INVALID_REQUIREMENT`, `NOT_FOUND`, `WRONG_CERTIFICATE_KIND`
 */
export async function prepareJob(
  options: JobOptions,
  identity: Identity,
  use: CertificateUse,
  surroundings: Surroundings,
): Promise<SigningJob> {
  const compat = resolveCompat(options.compat);
  const signingTime = options.signingTime ?? surroundings.clock.now();
  const { cwd } = surroundings;
  const entitlements = await loadEntitlements(options.entitlements, cwd);
  const settingsFor = codeSettings({ ...options, entitlements }, await loadWishes(options.paths ?? {}, cwd));
  const { provisioningProfile } = options;
  const profile =
    provisioningProfile === undefined ? undefined : await readSmallFile(resolve(cwd, provisioningProfile));
  const common = { settingsFor, entitlements: entitlements?.value ?? {}, profile, signingTime, compat };
  if (identity.kind === 'adhoc')
    return { ...common, signer: adhocSigner(compat), credentials: undefined, timestamps: undefined };
  checkKind(identity.key.certificate, use);
  const timestamps = timestampSource(options.timestamp, isDeveloperId(identity), surroundings);
  const { appleRoots } = surroundings;
  const credentials = { key: identity.key, signingTime, timestamp: timestamps?.request, appleRoots };
  return { ...common, signer: keySigner({ ...credentials, compat }), credentials, timestamps };
}

/** Notarization needs timestamps on both kinds. */
function isDeveloperId({ key }: Extract<Identity, { kind: 'key' }>): boolean {
  return appleKindOf(key.certificate)?.startsWith('Developer ID') === true;
}

async function loadWishes(
  paths: Readonly<Record<string, CodeOptions>>,
  cwd: string,
): Promise<Record<string, CodeWishes>> {
  const loaded = await Promise.all(
    Object.entries(paths).map(async ([glob, { entitlements, ...rest }]) => {
      // A setting that is absent must not hide that of the whole.
      const own =
        entitlements === undefined
          ? rest
          : { ...rest, entitlements: await loadEntitlements(entitlements, cwd) };
      return [glob, own] as const;
    }),
  );
  return Object.fromEntries(loaded);
}

async function loadEntitlements(
  option: string | PlistDict | undefined,
  cwd: string,
): Promise<Entitlements | undefined> {
  if (option === undefined) return undefined;
  if (typeof option !== 'string') return readEntitlements(writeXmlPlist(option));
  const data = await readSmallFile(resolve(cwd, option));
  try {
    return readEntitlements(data);
  } catch (error) {
    if (!(error instanceof SigningError)) throw error;
    const { message, hint = 'check it with plutil -lint', cause } = error;
    throw new SigningError('INVALID_ENTITLEMENTS', `${option}: ${message}`, { hint, cause });
  }
}
