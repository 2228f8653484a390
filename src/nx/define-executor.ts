import type { ExecutorContext } from '@nx/devkit';
import type { Surroundings } from '../engine/index.js';
import { SigningError } from '../engine/system/error.js';
import type { Values } from './config-file.js';
import { shownPath } from './outputs.js';
import { createReporter, printable } from './reporter.js';
import { resolveSettings, type Configurable } from './settings.js';

/** One run of an executor: complete options, and what the engine needs of its surroundings. */
export interface Run<Options> {
  /** The settings of all layers put together; every path in them is absolute. */
  readonly options: Options;
  /** Where each option came from, for people. */
  readonly origins: Readonly<Record<string, string>>;
  /** True when the run may only say what it would do. */
  readonly dryRun: boolean;
  /** What the engine needs to know of the world: how to report, the environment, where paths start. */
  readonly surroundings: Pick<Surroundings, 'reporter' | 'env' | 'cwd'>;
  /** Shows a report that was asked for, line by line. */
  readonly print: (lines: readonly string[]) => void;
  /** A path as it is shown to people. */
  readonly shown: (path: string) => string;
}

export interface Outcome {
  readonly success: boolean;
  /** The last line: what exists now and where, or what is wrong. */
  readonly message: string;
}

/** Options that every executor has. */
export interface CommonOptions {
  dryRun?: boolean;
}

type NxExecutor<Options> = (options: Options, context: ExecutorContext) => Promise<{ success: boolean }>;

/**
 * Turns one engine verb into an Nx executor: settings in, one last line out. This is the only place where a
 * `SigningError` becomes output: an error thrown into Nx would lose its code and its hint. Any other error is a bug
 * and flies.
 */
export function defineExecutor<Options extends CommonOptions>(
  run: (run: Run<Options>) => Promise<Outcome>,
  configurable?: Configurable,
): NxExecutor<Options> {
  return async (options, context) => {
    try {
      const outcome = await run(await startRun(options, context, configurable));
      (outcome.success ? process.stdout : process.stderr).write(
        `${outcome.success ? '✔' : '✖'} ${printable(outcome.message)}\n`,
      );
      return { success: outcome.success };
    } catch (error) {
      if (!(error instanceof SigningError)) throw error;
      process.stderr.write(explain(error));
      return { success: false };
    }
  };
}

async function startRun<Options extends CommonOptions>(
  options: Options,
  context: ExecutorContext,
  executor: Configurable | undefined,
): Promise<Run<Options>> {
  const { env, stdout } = process;
  const values = { ...options } as Values;
  const projectRoot = context.projectsConfigurations.projects[context.projectName ?? '']?.root;
  const settings = await resolveSettings({
    executor,
    options: values,
    root: context.root,
    projectRoot,
    env,
  });
  const isVerbose = context.isVerbose || env.NX_VERBOSE_LOGGING === 'true';
  return {
    // The schemas have checked every layer: Nx the options of the target, resolveSettings the files.
    options: settings.values as Options,
    origins: shownOrigins(settings.origins, context.root),
    dryRun: options.dryRun === true || env.NX_DRY_RUN === 'true',
    surroundings: { reporter: createReporter(stdout, { isVerbose, ci: env.CI }), env, cwd: context.root },
    print: (lines) => {
      stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
    },
    shown: (path) => shownPath(context.root, path),
  };
}

function shownOrigins(origins: Readonly<Record<string, string>>, root: string): Record<string, string> {
  return Object.fromEntries(Object.entries(origins).map(([name, origin]) => [name, shownPath(root, origin)]));
}

/** What, its code, and what to do next. Compilers and lists of choices take several lines. */
function explain({ message, code, hint }: SigningError): string {
  const what = `✖ ${printableLines(message)} [${code}]\n`;
  return hint === undefined ? what : `${what}  → ${printableLines(hint)}\n`;
}

/** A CI system takes a line that begins with `::` for a command, after any spaces: the bar is in front of it. */
function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n  │ ');
}
