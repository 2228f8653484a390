import { basename, dirname, join } from 'node:path';
import { resolveCompat, type Compat, type CompatName } from './apple/compat.js';
import { codeSettings, type CodeWishes } from './apple/code-settings.js';
import { listCode } from './apple/bundle/nested-code.js';
import { signBundle } from './apple/bundle/sign-bundle.js';
import { namedError, signCode, type CodeContext } from './apple/bundle/sign-file.js';
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
import { receiptCertificate, receiptFile, receiptTimestamp, type Receipt } from './receipt.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';
import { SigningError } from './system/error.js';
import { copyTree, readSmallFile, withSource, writePatched } from './system/files.js';
import { kindOf } from './system/folder.js';
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
  return receiptOf({ places, identity, job, code, warnings });
}

interface Job {
  readonly signer: Signer;
  readonly settingsFor: CodeContext['settingsFor'];
  readonly entitlements: Entitlements | undefined;
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
  const common = { settingsFor, entitlements, signingTime };
  if (identity.kind === 'adhoc') return { ...common, signer: adhocSigner(compat), timestamps: undefined };
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
  return { ...common, signer, timestamps };
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
      ? await signFolder(places.path, staged, context)
      : [await signSingleFile(places.path, staged, context)];
  const hasProfile = (await kindOf(join(staged, 'Contents', 'embedded.provisionprofile'))) === 'file';
  warnOfTrouble(
    { code, entitlements: job.entitlements, hasProfile, isAdhoc: job.signer.signCms === undefined },
    reporter,
  );
  reporter.step(`verifying ${basename(places.path)}`);
  await checkWritten(staged, job.signingTime, surroundings);
  return code;
}

async function signFolder(path: string, staged: string, context: CodeContext): Promise<SignedCode[]> {
  await copyTree(path, staged);
  return signBundle({ path: staged, name: '' }, context);
}

/** Straight from the original to the copy: large programs are read and written once. */
async function signSingleFile(path: string, staged: string, context: CodeContext): Promise<SignedCode> {
  try {
    return await withSource(path, async (source) => {
      const file = await readMachOFile(source);
      const { code, patches } = await signCode({ path, name: '' }, file, undefined, context);
      await writePatched(source, patches, staged, source.mode);
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

/** Chooses the identity without touching a key, and lists the code. */
async function plan(options: SignOptions, places: Places, { env, reporter }: Surroundings): Promise<Receipt> {
  const choice = chooseIdentity(options.identity, env);
  const kind = choice?.request.kind === 'adhoc' ? 'adhoc' : 'certificate';
  const source = choice ? `${choice.request.kind}, chosen ${choice.why}` : 'none: no identity was found';
  await prepare(options, { kind: 'adhoc', source }, { ...(await completeSurroundings({})), reporter });
  const names = places.kind === 'folder' ? await listCode(places.path) : [''];
  for (const name of names) reporter.step(`would sign ${name === '' ? basename(places.path) : name}`);
  return {
    schemaVersion: 1,
    path: places.path,
    outputPath: places.outputPath,
    format: places.kind === 'folder' ? 'bundle' : 'macho',
    identity: { kind, source },
    certificate: null,
    signingTime: null,
    timestamp: null,
    files: [],
    warnings: [],
    dryRun: true,
  };
}

interface Signed {
  readonly places: Places;
  readonly identity: Identity;
  readonly job: Job;
  readonly code: readonly SignedCode[];
  readonly warnings: readonly string[];
}

function receiptOf({ places, identity, job, code, warnings }: Signed): Receipt {
  const timestamp = job.timestamps?.last();
  const isKey = identity.kind === 'key';
  return {
    schemaVersion: 1,
    path: places.path,
    outputPath: places.outputPath,
    format: places.kind === 'folder' ? 'bundle' : 'macho',
    identity: { kind: isKey ? 'certificate' : 'adhoc', source: identity.source },
    certificate: isKey ? receiptCertificate(identity.key.certificate) : null,
    signingTime: isKey ? job.signingTime.toISOString() : null,
    timestamp: timestamp ? receiptTimestamp(timestamp) : null,
    files: code.map(receiptFile),
    warnings,
    dryRun: false,
  };
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
