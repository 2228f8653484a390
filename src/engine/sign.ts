import { basename, dirname, join } from 'node:path';
import { listCode } from './apple/bundle/nested-code.js';
import type { CodeContext } from './apple/bundle/sign-file.js';
import { PROFILE, signBundleInto, signProgramInto, signWholeInto, type Signed } from './apple/sign-into.js';
import { warnOfTrouble } from './apple/signing-warnings.js';
import { wholeFormatOf, type WholeFormat } from './apple/whole-formats.js';
import { toHex } from './bytes/hex.js';
import { chooseIdentity, type IdentityOption } from './identity/option.js';
import { resolveIdentity } from './identity/resolve.js';
import { resolvePlaces, type Places } from './output.js';
import { plannedReceipt, signatureReceipt, type Receipt } from './receipt.js';
import { prepareJob, type JobOptions, type SigningJob } from './signing-job.js';
import { collectWarnings, completeSurroundings, type Surroundings } from './surroundings.js';
import { bothDone } from './system/concurrency.js';
import { SigningError } from './system/error.js';
import { flush, readSmallFileIfPresent } from './system/files.js';
import { withStaging } from './system/staging.js';
import { verify } from './verify.js';

export interface SignOptions extends JobOptions {
  /** A Mach-O file, an app or a framework, a disk image, an installer package. Relative paths count from the current folder. */
  readonly path: string;
  /** Where the signed copy goes; with a slash at its end, the folder that it goes into. */
  readonly outputPath?: string | undefined;
  /** Replace the original instead. */
  readonly inPlace?: boolean | undefined;
  /** Who signs; NX_CODESIGN_IDENTITY overrides it. Nothing is chosen by default. */
  readonly identity?: IdentityOption | undefined;
  /** Say what would be signed, and change nothing. */
  readonly dryRun?: boolean | undefined;
}

/**
 * Signs a program, or a bundle with all code in it, or an image or package; verifies the result, and only then puts it
 * in place.
 * @throws SigningError; whatever stood at the output is then as it was
 */
export async function sign(options: SignOptions, given: Partial<Surroundings> = {}): Promise<Receipt> {
  const { surroundings, warnings } = collectWarnings(await completeSurroundings(given));
  const places = await resolvePlaces(options, surroundings.cwd);
  const whole = places.kind === 'file' ? await wholeFormatOf(places.path) : undefined;
  if (options.dryRun === true) return plan(options, places, whole, surroundings);
  const identity = await resolveIdentity(options.identity, surroundings);
  const job = await prepareJob(options, identity, whole?.certificateUse ?? 'application', surroundings);
  const signed = await withStaging(dirname(places.outputPath), async (folder) => {
    const staged = join(folder, basename(places.outputPath));
    try {
      return await signStaged({ places, whole, job, staged }, surroundings);
    } catch (error) {
      throw inKnownPlaces(error, staged, places);
    }
  });
  const { path, outputPath } = places;
  const timestamp = job.timestamps?.last();
  const facts = {
    format: formatOf(places, whole),
    identity,
    signingTime: job.signingTime,
    timestamp,
    signed,
    warnings,
  };
  return { ...signatureReceipt(facts), path, outputPath };
}

interface Staged {
  readonly places: Places;
  readonly whole: WholeFormat | undefined;
  readonly job: SigningJob;
  /** Where the signed copy comes into being. */
  readonly staged: string;
}

/** Makes and verifies the signed copy; it is not in place yet. */
async function signStaged(task: Staged, surroundings: Surroundings): Promise<Signed> {
  const { places, job, staged } = task;
  const { reporter } = surroundings;
  reporter.step(`signing ${basename(places.path)}`);
  const signed = await signInto(task, surroundings);
  for (const warning of signed.warnings) reporter.warn(warning);
  const profile = places.kind === 'folder' ? await readSmallFileIfPresent(join(staged, PROFILE)) : undefined;
  const certificate = job.credentials?.key.certificate;
  warnOfTrouble(
    { code: signed.code, entitlements: job.entitlements, profile, certificate, now: job.signingTime },
    reporter,
  );
  reporter.step(`verifying ${basename(places.path)}`);
  // A lost copy can be made again; an original that was replaced cannot.
  const isPrecious = places.kind === 'file' || places.outputPath === places.path;
  await bothDone(
    checkWritten(staged, job.signingTime, surroundings),
    isPrecious ? flush(staged) : Promise.resolve(),
  );
  return signed;
}

/** The user does not know the copy: what is wrong with it is wrong with the original, unless it cannot be written. */
function inKnownPlaces(error: unknown, staged: string, { path, outputPath }: Places): unknown {
  if (!(error instanceof SigningError) || !error.message.includes(staged)) return error;
  const { code, message, hint, cause } = error;
  const isOfDisk = ['DISK_FULL', 'PERMISSION_DENIED', 'IO'].includes(code);
  return new SigningError(code, message.replaceAll(staged, isOfDisk ? outputPath : path), { hint, cause });
}

function signInto({ places, whole, job, staged }: Staged, { reporter }: Surroundings): Promise<Signed> {
  const { path, kind } = places;
  if (whole) return signWholeInto(path, staged, whole, { ...job, settings: job.settingsFor('') });
  const context: CodeContext = {
    ...job,
    onSigned: (code) => {
      reporter.detail(
        `signed ${code.path === '' ? basename(path) : code.path}, cdhash ${toHex(code.cdhash)}`,
      );
    },
  };
  return kind === 'folder'
    ? signBundleInto(path, staged, job.profile, context)
    : signProgramInto(path, staged, context);
}

async function checkWritten(path: string, at: Date, surroundings: Surroundings): Promise<void> {
  const { ok, findings } = await verify({ path }, { ...surroundings, clock: { now: () => at } });
  if (ok) return;
  const [first] = findings.filter(({ severity }) => severity === 'error');
  const what = first ? `${first.message} (${first.path})` : 'for an unknown reason';
  throw new SigningError('VERIFICATION_FAILED', `the new signature does not verify: ${what}`, {
    hint: 'nothing was written; please report this with the output of inspect',
  });
}

/** Chooses the identity without touching a key, checks the settings, and lists the code. */
async function plan(
  options: SignOptions,
  places: Places,
  whole: WholeFormat | undefined,
  surroundings: Surroundings,
): Promise<Receipt> {
  const choice = chooseIdentity(options.identity, surroundings.env);
  await prepareJob(options, { kind: 'adhoc', source: '' }, 'application', surroundings);
  const names = places.kind === 'folder' ? await listCode(places.path) : [''];
  for (const name of names)
    surroundings.reporter.step(`would sign ${name === '' ? basename(places.path) : name}`);
  const { path, outputPath } = places;
  return { ...plannedReceipt(formatOf(places, whole), choice), path, outputPath };
}

function formatOf({ kind }: Places, whole: WholeFormat | undefined): Receipt['format'] {
  return kind === 'folder' ? 'bundle' : (whole?.name ?? 'macho');
}
