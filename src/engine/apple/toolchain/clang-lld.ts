import { fileURLToPath } from 'node:url';
import { encodeVersion } from './architecture.js';
import { compileFlags, HEADER_PADDING } from './compile-flags.js';
import type { CompileJob, Command, Compiler } from './compiler.js';

export interface ClangWithLld {
  readonly clang: string;
  /** LLVM's linker for Mach-O, `ld64.lld`. */
  readonly linker: string;
}

/** Our own headers and a stub of libSystem: the part of macOS that a small daemon needs, and no text of Apple's. */
export const BUNDLED_SYSROOT = fileURLToPath(new URL('../../../../toolchain/macos', import.meta.url));
const SDK_VERSION = '14.0';

/** A clang of LLVM's with its Mach-O linker, as Linux distributions package them. */
export function clangWithLld({ clang, linker }: ClangWithLld, sysroot = BUNDLED_SYSROOT): Compiler {
  return {
    name: `clang (${clang}) with ${linker}`,
    commands: (job) => {
      const objects = job.sources.map((_, i) => `${job.output}.${i}.o`);
      return [
        ...job.sources.map((source, i) => compile(clang, sysroot, job, source, objects[i]!)),
        { program: linker, args: linkArguments(sysroot, job, objects) },
      ];
    },
  };
}

function compile(clang: string, sysroot: string, job: CompileJob, source: string, object: string): Command {
  const target = `${job.architecture}-apple-macos${job.minimumVersion}`;
  return {
    program: clang,
    args: [
      '-target',
      target,
      // Not the headers of the machine that compiles; the compiler's own (stddef.h and the like) stay.
      '-nostdlibinc',
      '-isystem',
      `${sysroot}/include`,
      ...compileFlags(job),
      '-c',
      source,
      '-o',
      object,
    ],
  };
}

function linkArguments(sysroot: string, job: CompileJob, objects: readonly string[]): string[] {
  const isNewer = encodeVersion(job.minimumVersion) > encodeVersion(SDK_VERSION);
  const sdk = isNewer ? job.minimumVersion : SDK_VERSION;
  return [
    ...['-arch', job.architecture],
    ...['-platform_version', 'macos', job.minimumVersion, sdk],
    ...['-syslibroot', sysroot, '-lSystem'],
    ...['-headerpad', HEADER_PADDING, '-dead_strip', '-x'],
    ...['-o', job.output],
    ...objects,
  ];
}
