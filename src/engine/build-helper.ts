import { join, resolve } from 'node:path';
import {
  archiveName,
  helperModules,
  writeModules,
  type HelperModules,
} from './apple/helper/helper-modules.js';
import {
  normalizeHelperOptions,
  type HelperOptions,
  type HelperRequest,
} from './apple/helper/helper-options.js';
import { makeBundle, planBundle } from './apple/helper/make-bundle.js';
import type { MadeProgram } from './apple/helper/make-program.js';
import type { Machine } from './apple/toolchain/choose-compiler.js';
import { chooseIdentity } from './identity/option.js';
import { resolveIdentity } from './identity/resolve.js';
import { plannedReceipt, type Receipt, type SignatureReceipt } from './receipt.js';
import { sign, type SignOptions } from './sign.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';
import { sha256File, writeChecksum } from './system/checksum.js';
import { withStaging } from './system/staging.js';
import { checkZip } from './system/zip-check.js';
import { archiveDate, writeZip } from './system/zip.js';

/** How the bundle is signed, as `sign` has it. */
type SigningOptions = Pick<
  SignOptions,
  'identity' | 'entitlements' | 'flags' | 'hardenedRuntime' | 'timestamp' | 'signingTime' | 'compat'
>;

export interface BuildHelperOptions extends HelperOptions, SigningOptions {
  /** Say what would be made, and change nothing. */
  readonly dryRun?: boolean | undefined;
}

/** What was made; JSON as it stands. Paths are absolute, hashes lower-case hexadecimal. */
export interface HelperReceipt {
  readonly schemaVersion: 1;
  readonly outputPath: string;
  readonly bundle: string;
  readonly zip: {
    readonly path: string;
    /** Null in a dry run. */
    readonly sha256: string | null;
    /** The file with the hash. */
    readonly checksum: string;
  };
  /** Sources that embed the archive. */
  readonly modules: readonly string[];
  /** A file of variables for build systems, and what it holds. */
  readonly environment: { readonly path: string; readonly variables: Readonly<Record<string, string>> };
  /** Null for a prebuilt program. */
  readonly compiler: string | null;
  /** The oldest macOS that each slice runs on. */
  readonly minimumVersions: Readonly<Record<string, string>>;
  readonly signature: Receipt;
  readonly dryRun: boolean;
}

/**
 * Compiles a helper app for both kinds of Mac, signs and verifies it, packs it, and writes modules that embed the
 * archive. Everything appears in `outputPath` at once, or nothing does.
 * @throws SigningError `INVALID_OPTION`, `NO_COMPILER`, `COMPILE_FAILED`, `INVALID_HELPER`, `INVALID_INFO_PLIST`, and
 *   those of `sign`; whatever stood at the output is then as it was
 */
export async function buildHelper(
  options: BuildHelperOptions,
  given: Partial<Surroundings> = {},
): Promise<HelperReceipt> {
  const surroundings = await completeSurroundings(given);
  const request = normalizeHelperOptions(options, surroundings.cwd);
  const job = { request, surroundings, signing: signingOptions(options, surroundings.cwd) };
  if (options.dryRun === true) return plan(job);
  await resolveIdentity(job.signing.identity, surroundings); // Nobody waits for a compiler to learn of a missing key.
  return withStaging(request.outputPath, (folder) => build(folder, job));
}

interface Job {
  readonly request: HelperRequest;
  readonly signing: SigningOptions;
  readonly surroundings: Surroundings;
}

function signingOptions(options: BuildHelperOptions, cwd: string): SigningOptions {
  const { identity, entitlements, flags, hardenedRuntime, timestamp, signingTime, compat } = options;
  const placed = typeof entitlements === 'string' ? resolve(cwd, entitlements) : entitlements;
  return { identity, entitlements: placed, flags, hardenedRuntime, timestamp, signingTime, compat };
}

async function build(folder: string, { request, signing, surroundings }: Job): Promise<HelperReceipt> {
  const app = join(folder, bundleName(request));
  const { reporter } = surroundings;
  const program = await makeBundle(request, app, { reporter, machine: machineOf(surroundings) });
  const signature = await sign({ ...signing, path: app, inPlace: true }, surroundings);
  const sha256 = await pack(app, folder, request, surroundings);
  const modules = helperModules(request, sha256);
  await writeModules(folder, modules);
  return receiptOf({ request, program, modules, sha256, signature });
}

async function pack(
  app: string,
  folder: string,
  request: HelperRequest,
  { env, reporter }: Surroundings,
): Promise<string> {
  const archive = join(folder, archiveName(request));
  reporter.step(`packing ${archiveName(request)}`);
  const entries = await writeZip(app, archive, { date: archiveDate(env.SOURCE_DATE_EPOCH) });
  await checkZip(archive, entries);
  const sha256 = await sha256File(archive);
  await writeChecksum(archive, sha256, request.checksumFormat);
  return sha256;
}

async function plan({ request, signing, surroundings }: Job): Promise<HelperReceipt> {
  const { env, reporter } = surroundings;
  const program = await planBundle(request, { reporter, machine: machineOf(surroundings) });
  const modules = helperModules(request, '');
  const signature = plannedReceipt('bundle', chooseIdentity(signing.identity, env));
  const receipt = receiptOf({ request, program, modules, sha256: null, signature });
  const { bundle, zip, environment } = receipt;
  for (const path of [bundle, zip.path, zip.checksum, ...receipt.modules, environment.path])
    reporter.step(`would write ${path}`);
  return receipt;
}

function machineOf({ cwd, env }: Surroundings): Machine {
  return { platform: process.platform, cpu: process.arch, path: env.PATH ?? '', workspaceRoot: cwd };
}

function bundleName({ name }: HelperRequest): string {
  return `${name}.app`;
}

interface Made {
  readonly request: HelperRequest;
  readonly program: MadeProgram;
  readonly modules: HelperModules;
  readonly sha256: string | null;
  readonly signature: SignatureReceipt;
}

function receiptOf({ request, program, modules, sha256, signature }: Made): HelperReceipt {
  const at = (name: string) => join(request.outputPath, name);
  const bundle = at(bundleName(request));
  const archive = archiveName(request);
  return {
    schemaVersion: 1,
    outputPath: request.outputPath,
    bundle,
    zip: { path: at(archive), sha256, checksum: at(`${archive}.sha256`) },
    modules: modules.modules.map(({ name }) => at(name)),
    environment: {
      path: at(modules.environmentFile.name),
      variables: sha256 === null ? {} : modules.variables,
    },
    compiler: program.compiler,
    minimumVersions: program.minimumVersions,
    signature: { ...signature, path: bundle, outputPath: bundle }, // It was signed in the staging folder.
    dryRun: sha256 === null,
  };
}
