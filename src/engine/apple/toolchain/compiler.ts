import type { Architecture } from './architecture.js';

/** What to make: one thin executable from C sources. All paths are absolute. */
export interface CompileJob {
  readonly sources: readonly string[];
  readonly output: string;
  readonly architecture: Architecture;
  readonly minimumVersion: string;
  /** As after `-D`: the value is C text, so a string needs its quotes; `true` defines the bare name. */
  readonly defines: Readonly<Record<string, string | number | boolean>>;
  readonly includeFolders: readonly string[];
  /** Further flags for the compiler, never for the linker. */
  readonly compileFlags: readonly string[];
}

/** One run of a program. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Knows how one compiler wants to be called. */
export interface Compiler {
  /** What it is and where, for the user. */
  readonly name: string;
  /** The programs to run one after the other, until `job.output` stands. */
  commands(job: CompileJob): readonly Command[];
}
