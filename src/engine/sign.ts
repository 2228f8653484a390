import { basename, dirname, join } from 'node:path';
import type { Certificate } from './crypto/certificate.js';
import { resolveCompat, type Compat, type CompatName } from './apple/compat.js';
import { codeSettings, type CodeWishes } from './apple/code-settings.js';
import { listCode } from './apple/bundle/nested-code.js';
import { signBundle } from './apple/bundle/sign-bundle.js';
import { namedError, signCode, type CodeContext } from './apple/bundle/sign-file.js';
import type { HeaderRoom } from './apple/macho/make-room.js';
import { readMachOFile } from './apple/macho/read-file.js';
import { readEntitlements, type Entitlements } from './apple/signature/entitlements.js';
import type { SignedCode } from './apple/signature/signed-code.js';
import { adhocSigner, keySigner } from './apple/signature/signer.js';
import type { Signer } from './apple/signature/sign-macho.js';
import { warnOfTrouble } from './apple/signing-warnings.js';
import { checkKind } from './identity/kind.js';
import { chooseIdentity, type IdentityOption } from './identity/option.js';
import { resolveIdentity, type Identity } from './identity/resolve.js';
import { resolvePlaces, type Places } from './output.js';
import { plannedReceipt, signatureReceipt, type Receipt } from './receipt.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';
import { SigningError } from './system/error.js';
import { bothDone } from './system/concurrency.js';
import {
  copyTree,
  flush,
  patchOwnFile,
  readSmallFile,
  readSmallFileIfPresent,
  withSource,
  writePatched,
  writeSmallFile,
} from './system/files.js';
import type { Reporter } from './system/reporter.js';
import type { PlistDict } from './system/plist/value.js';
import { writeXmlPlist } from './system/plist/write-xml.js';
import { withStaging } from './system/staging.js';
import { timestampSource, type TimestampOption, type TimestampSource } from './timestamp-source.js';
import { verify } from './verify.js';

export interface SignOptions extends CodeOptions {
  /** A Mach-O file, an app or a framework. Relative paths count from the current folder. */
  readonly path: string;
  /** Where the signed copy goes; with a slash at its end, the folder that it goes into. */
  readonly outputPath?: string | undefined;
  /** Replace the original instead. */
  readonly inPlace?: boolean | undefined;
  /** Who signs; NX_CODESIGN_IDENTITY overrides it. Nothing is chosen by default. */
  readonly identity?: IdentityOption | undefined;
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
  /** Say what would be signed, and change nothing. */
  readonly dryRun?: boolean | undefined;
}

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
}

/**
 * Signs a program or a bundle with all code in it, verifies the result, and only then puts it in place.
 * @throws SigningError; whatever stood at the output is then as it was
 */
export async function sign(options: SignOptions, given: Partial<Surroundings> = {}): Promise<Receipt> {
  const warnings: string[] = [];
  const surroundings = collectWarnings(await completeSurroundings(given), warnings);
  const places = await resolvePlaces(options, surroundings.cwd);
  if (options.dryRun === true) return plan(options, places, surroundings);
  const identity = await resolveIdentity(options.identity, surroundings);
  const job = await prepare(options, identity, surroundings);
  const code = await withStaging(dirname(places.outputPath), (folder) => {
    return signStaged(places, join(folder, basename(places.outputPath)), job, surroundings);
  });
  const { path, outputPath } = places;
  const { signingTime, timestamps } = job;
  const timestamp = timestamps?.last();
  return {
    ...signatureReceipt({ format: formatOf(places), identity, signingTime, timestamp, code, warnings }),
    path,
    outputPath,
  };
}

/** Where a Mac app carries its profile. */
const PROFILE = join('Contents', 'embedded.provisionprofile');

interface Job {
  readonly signer: Signer;
  readonly settingsFor: CodeContext['settingsFor'];
  readonly entitlements: Entitlements | undefined;
  /** Undefined signs ad-hoc. */
  readonly certificate: Certificate | undefined;
  readonly profile: Uint8Array | undefined;
  readonly signingTime: Date;
  readonly timestamps: TimestampSource | undefined;
}

async function prepare(options: SignOptions, identity: Identity, surroundings: Surroundings): Promise<Job> {
  const compat = resolveCompat(options.compat);
  const signingTime = options.signingTime ?? surroundings.clock.now();
  const entitlements = await loadEntitlements(options.entitlements);
  const settingsFor = codeSettings(
    { ...options, entitlements },
    await loadPathEntitlements(options.paths ?? {}),
  );
  const profile =
    options.provisioningProfile === undefined ? undefined : await readSmallFile(options.provisioningProfile);
  const common = { settingsFor, entitlements, signingTime, profile };
  if (identity.kind === 'adhoc')
    return { ...common, signer: adhocSigner(compat), certificate: undefined, timestamps: undefined };
  checkKind(identity.key.certificate, 'application');
  const timestamps = timestampSource(options.timestamp, identity.key, surroundings);
  const { appleRoots } = surroundings;
  const signer = keySigner({
    key: identity.key,
    compat,
    signingTime,
    timestamp: timestamps?.request,
    appleRoots,
  });
  return { ...common, signer, certificate: identity.key.certificate, timestamps };
}

async function loadPathEntitlements(
  paths: Readonly<Record<string, CodeOptions>>,
): Promise<Record<string, CodeWishes>> {
  const loaded = await Promise.all(
    Object.entries(paths).map(async ([glob, own]) => {
      const { entitlements, ...rest } = own;
      return [
        glob,
        entitlements === undefined ? rest : { ...rest, entitlements: await loadEntitlements(entitlements) },
      ] as const;
    }),
  );
  return Object.fromEntries(loaded);
}

async function loadEntitlements(option: string | PlistDict | undefined): Promise<Entitlements | undefined> {
  if (option === undefined) return undefined;
  if (typeof option !== 'string') return readEntitlements(writeXmlPlist(option));
  try {
    return readEntitlements(await readSmallFile(option));
  } catch (error) {
    if (!(error instanceof SigningError) || error.code === 'NOT_FOUND') throw error;
    throw new SigningError('INVALID_ENTITLEMENTS', `${option}: ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}

/** Makes and verifies the signed copy; it is not in place yet. */
async function signStaged(
  places: Places,
  staged: string,
  job: Job,
  surroundings: Surroundings,
): Promise<SignedCode[]> {
  const { reporter } = surroundings;
  const context: CodeContext = {
    ...job,
    onSigned: ({ path, cdhash }) => {
      reporter.detail(
        `signed ${path === '' ? basename(places.path) : path}, cdhash ${Buffer.from(cdhash).toString('hex')}`,
      );
    },
  };
  reporter.step(`signing ${basename(places.path)}`);
  const code =
    places.kind === 'folder'
      ? await signFolder(places.path, staged, job, context)
      : [await signSingleFile(places.path, staged, context)];
  const profile = await readSmallFileIfPresent(join(staged, PROFILE));
  const entitlements = job.entitlements?.value ?? {};
  warnOfTrouble(
    { code, entitlements, profile, certificate: job.certificate, now: job.signingTime },
    reporter,
  );
  reporter.step(`verifying ${basename(places.path)}`);
  // A lost copy can be made again; an original that was replaced cannot.
  const isPrecious = places.kind === 'file' || places.outputPath === places.path;
  await bothDone(
    checkWritten(staged, job.signingTime, surroundings),
    isPrecious ? flush(staged) : Promise.resolve(),
  );
  return code;
}

async function signFolder(
  path: string,
  staged: string,
  job: Job,
  context: CodeContext,
): Promise<SignedCode[]> {
  await copyTree(path, staged);
  if (job.profile) await writeSmallFile(join(staged, PROFILE), job.profile);
  return signBundle({ path: staged, name: '' }, context);
}

/** The signature is made from the original while the copy is being written. */
async function signSingleFile(path: string, staged: string, context: CodeContext): Promise<SignedCode> {
  try {
    return await withSource(path, async (source) => {
      const file = await readMachOFile(source);
      const [{ code, patches }] = await bothDone(
        signCode({ path, name: '' }, file, undefined, context),
        writePatched(source, [], staged, source.mode),
      );
      await withSource(staged, (copy) => patchOwnFile(copy, patches));
      context.onSigned(code);
      return code;
    });
  } catch (error) {
    throw namedError(error, path);
  }
}

async function checkWritten(path: string, at: Date, surroundings: Surroundings): Promise<void> {
  const { ok, findings } = await verify({ path }, { ...surroundings, clock: { now: () => at } });
  if (ok) return;
  const [first] = findings.filter(({ severity }) => severity === 'error');
  throw new SigningError(
    'VERIFICATION_FAILED',
    `the new signature does not verify: ${first?.message ?? 'unknown'} (${first?.path ?? path})`,
    {
      hint: 'nothing was written; please report this with the output of inspect',
    },
  );
}

/** Chooses the identity without touching a key, checks the settings, and lists the code. */
async function plan(options: SignOptions, places: Places, surroundings: Surroundings): Promise<Receipt> {
  const choice = chooseIdentity(options.identity, surroundings.env);
  await prepare(options, { kind: 'adhoc', source: '' }, surroundings);
  const names = places.kind === 'folder' ? await listCode(places.path) : [''];
  for (const name of names)
    surroundings.reporter.step(`would sign ${name === '' ? basename(places.path) : name}`);
  const { path, outputPath } = places;
  return { ...plannedReceipt(formatOf(places), choice), path, outputPath };
}

function formatOf({ kind }: Places): Receipt['format'] {
  return kind === 'folder' ? 'bundle' : 'macho';
}

function collectWarnings(surroundings: Surroundings, warnings: string[]): Surroundings {
  const { reporter } = surroundings;
  const collecting: Reporter = {
    step: (text) => {
      reporter.step(text);
    },
    detail: (text) => {
      reporter.detail(text);
    },
    progress: (done, total) => {
      reporter.progress(done, total);
    },
    warn: (text) => {
      warnings.push(text);
      reporter.warn(text);
    },
  };
  return { ...surroundings, reporter: collecting };
}
