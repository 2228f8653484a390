import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runTool } from './run-tool.js';

export type Arch = 'arm64' | 'x86_64';

export interface ProgramShape {
  readonly archs: readonly Arch[];
  readonly kind?: 'program' | 'library';
  /** A system of before 10.11.4 gets SHA-1 beside SHA-256; only x86_64 is that old. */
  readonly minimum?: string;
  /** Left alone, the linker signs arm64 code, and codesign leaves bytes of that signature behind its own. */
  readonly signedByLinker?: boolean;
}

export const UNIVERSAL: readonly Arch[] = ['x86_64', 'arm64'];

export function clangArguments(shape: ProgramShape, source: string, output: string): string[] {
  const { archs, kind = 'program', minimum = '11.0', signedByLinker = false } = shape;
  return [
    ...archs.flatMap((arch) => ['-arch', arch]),
    `-mmacosx-version-min=${minimum}`,
    ...(kind === 'library' ? ['-dynamiclib', '-install_name', '@rpath/library'] : []),
    ...(signedByLinker ? [] : ['-Wl,-no_adhoc_codesign']),
    '-o',
    output,
    source,
  ];
}

/** What the compiled programs print. */
export const GREETING = 'signed, and running\n';

const SOURCE: Record<NonNullable<ProgramShape['kind']>, string> = {
  program: `#include <stdio.h>\nint main(void) { fputs(${JSON.stringify(GREETING)}, stdout); return 0; }\n`,
  library: 'int answer(void) { return 42; }\n',
};

/** Compiles such a program, or a library, and puts it at `path`. */
export function compile(path: string, shape: ProgramShape): void {
  mkdirSync(dirname(path), { recursive: true });
  const source = `${path}.c`;
  writeFileSync(source, SOURCE[shape.kind ?? 'program']);
  runTool('clang', clangArguments(shape, source, path));
}

/** The same, as bytes. */
export function compiled(folder: string, shape: ProgramShape): Uint8Array {
  const path = join(folder, 'compiled');
  compile(path, shape);
  return readFileSync(path);
}
