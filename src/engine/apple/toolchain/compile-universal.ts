import { chmod, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileError, SigningError } from '../../system/error.js';
import { withSource, writeSmallFile } from '../../system/files.js';
import { silentReporter, type Reporter } from '../../system/reporter.js';
import { withStaging } from '../../system/staging.js';
import {
  ARCHITECTURES,
  DEFAULT_MINIMUM_VERSIONS,
  encodeVersion,
  type Architecture,
  type MinimumVersions,
} from './architecture.js';
import { checkExecutable } from './check-executable.js';
import { chooseCompiler, type Machine } from './choose-compiler.js';
import { compileThin } from './compile-thin.js';
import type { CompileJob, Compiler } from './compiler.js';
import { encodeUniversal } from './universal.js';

export interface CompileOptions {
  /** Paths of C files. */
  readonly sources: readonly string[];
  /** Path of the executable to make. */
  readonly output: string;
  readonly minimumVersions?: Partial<MinimumVersions> | undefined;
  readonly defines?: CompileJob['defines'] | undefined;
  readonly includeFolders?: readonly string[] | undefined;
  readonly compileFlags?: readonly string[] | undefined;
  /** `xcode`, `zig`, `clang`, or the path of a zig or clang. */
  readonly compiler?: string | undefined;
}

export interface CompileSurroundings {
  readonly reporter?: Reporter | undefined;
  readonly machine?: Machine | undefined;
}

export interface Compiled {
  /** Absolute. */
  readonly path: string;
  /** The compiler that made it. */
  readonly compiler: string;
  readonly minimumVersions: MinimumVersions;
}

/**
 * Compiles C for both kinds of Mac into one universal executable, on any machine; the same sources and options give
 * the same bytes. `output` appears whole or not at all.
 * @throws SigningError `NO_COMPILER`, `COMPILE_FAILED`, `NOT_FOUND` for a source, `INVALID_HELPER` when the result
 *   is not fit to be signed.
 */
export async function compileUniversal(
  options: CompileOptions,
  surroundings: CompileSurroundings = {},
): Promise<Compiled> {
  const path = resolve(options.output);
  return withStaging(dirname(path), async (folder) => {
    const compiled = await compileInto({ ...options, output: join(folder, basename(path)) }, surroundings);
    return { ...compiled, path };
  });
}

/** As `compileUniversal`, for callers that have a staging folder of their own. */
export async function compileInto(
  options: CompileOptions,
  surroundings: CompileSurroundings = {},
): Promise<Compiled> {
  const reporter = surroundings.reporter ?? silentReporter;
  const { compiler, minimumVersions, sources } = await planCompilation(options, surroundings.machine);
  const slices: Uint8Array[] = [];
  for (const architecture of ARCHITECTURES) {
    reporter.step(`compiling ${basename(options.output)} for ${architecture} with ${compiler.name}`);
    const job = jobFor({ ...options, sources }, architecture, minimumVersions[architecture]);
    slices.push(await compileThin(job, compiler, reporter));
  }
  await writeSmallFile(options.output, await encodeUniversal(slices), 0o755);
  await chmod(options.output, 0o755); // Whatever the umask says.
  await withSource(options.output, (source) => checkExecutable(source, minimumVersions));
  return { path: options.output, compiler: compiler.name, minimumVersions };
}

/** All that can be known before anything is compiled. @throws SigningError `NO_COMPILER`, `NOT_FOUND`, `INVALID_OPTION` */
export async function planCompilation(
  options: Pick<CompileOptions, 'sources' | 'compiler' | 'minimumVersions'>,
  machine = thisMachine(),
): Promise<{ compiler: Compiler; minimumVersions: MinimumVersions; sources: string[] }> {
  const minimumVersions = { ...DEFAULT_MINIMUM_VERSIONS, ...options.minimumVersions };
  Object.values(minimumVersions).forEach(encodeVersion);
  const sources = await existing(options.sources);
  return { compiler: await chooseCompiler(machine, options.compiler), minimumVersions, sources };
}

/** The machine that this runs on, with the current folder as its workspace. */
export function thisMachine(workspaceRoot = process.cwd()): Machine {
  return { platform: process.platform, cpu: process.arch, path: process.env.PATH ?? '', workspaceRoot };
}

async function existing(sources: readonly string[]): Promise<string[]> {
  if (sources.length === 0) {
    throw new SigningError('INVALID_OPTION', 'there are no sources to compile', {
      hint: 'set the option "sources"',
    });
  }
  for (const source of sources) {
    const found = await stat(source).catch((error: unknown) => {
      throw fileError(error, source);
    });
    if (!found.isFile()) throw new SigningError('INVALID_OPTION', `${source} is no file`);
  }
  return sources.map((source) => resolve(source));
}

function jobFor(options: CompileOptions, architecture: Architecture, minimumVersion: string): CompileJob {
  return {
    sources: options.sources,
    // The last part of the path is the identifier of the linker's own ad-hoc signature: it must not differ.
    output: join(`${options.output}.${architecture}`, basename(options.output)),
    architecture,
    minimumVersion,
    defines: options.defines ?? {},
    includeFolders: (options.includeFolders ?? []).map((folder) => resolve(folder)),
    compileFlags: options.compileFlags ?? [],
  };
}
