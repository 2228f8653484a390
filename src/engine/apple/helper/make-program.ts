import { chmod, copyFile } from 'node:fs/promises';
import { fileError } from '../../system/error.js';
import { withSource } from '../../system/files.js';
import type { Reporter } from '../../system/reporter.js';
import { decodeVersion } from '../toolchain/architecture.js';
import { checkExecutable, readSlices } from '../toolchain/check-executable.js';
import type { Machine } from '../toolchain/choose-compiler.js';
import { compileInto, planCompilation } from '../toolchain/compile-universal.js';
import type { HelperRequest } from './helper-options.js';

export interface MadeProgram {
  /** Null for a prebuilt program. */
  readonly compiler: string | null;
  /** The oldest macOS of every slice. */
  readonly minimumVersions: Readonly<Record<string, string>>;
}

/** Puts the helper's executable at `output`, and checks it. @throws SigningError `INVALID_HELPER` and those of `compileInto` */
export async function makeProgram(
  { program, minimumVersions }: HelperRequest,
  output: string,
  surroundings: { readonly reporter: Reporter; readonly machine: Machine },
): Promise<MadeProgram> {
  switch (program.kind) {
    case 'sources':
      return compileInto({ ...program, minimumVersions, output }, surroundings);
    case 'prebuilt':
      await copyPrebuilt(program.path, output);
      return { compiler: null, minimumVersions: await checkPrebuilt(output, minimumVersions) };
  }
}

/** As `makeProgram`, without making anything. */
export async function planProgram(
  { program, minimumVersions }: HelperRequest,
  machine: Machine,
): Promise<MadeProgram> {
  if (program.kind === 'prebuilt')
    return { compiler: null, minimumVersions: await checkPrebuilt(program.path, minimumVersions) };
  const plan = await planCompilation({ ...program, minimumVersions }, machine);
  return { compiler: plan.compiler.name, minimumVersions: plan.minimumVersions };
}

async function copyPrebuilt(path: string, output: string): Promise<void> {
  try {
    await copyFile(path, output);
    await chmod(output, 0o755);
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Its slices are what they are: minimum versions that were asked for must be found, and no others are needed. */
async function checkPrebuilt(
  path: string,
  asked: Readonly<Record<string, string>>,
): Promise<MadeProgram['minimumVersions']> {
  return withSource(path, async (source) => {
    const slices = await readSlices(source);
    const own = slices.map(({ arch, version }) => [arch, decodeVersion(version?.minimum ?? 0)] as const);
    const minimumVersions = { ...Object.fromEntries(own), ...asked };
    await checkExecutable(source, minimumVersions, 'system');
    return minimumVersions;
  });
}
