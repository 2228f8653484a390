import { SigningError } from './error.js';
import { watchGroup } from './process-group.js';
import type { Reporter } from './reporter.js';
import { Secret } from './secret.js';

export type Argument = string | Secret;

export interface RunOptions {
  readonly cwd?: string | undefined;
  /** Set on top of what is inherited. */
  readonly env?: Readonly<Record<string, string | Secret>> | undefined;
  /** The names of the variables that are inherited; all of them when absent. */
  readonly inherit?: readonly string[] | undefined;
  /** What the program reads on its standard input; without it, that is empty. */
  readonly input?: string | Uint8Array | Secret | undefined;
  /** Milliseconds until the program and everything that it started are killed; ten minutes when absent. */
  readonly timeout?: number | undefined;
  /** The exit codes that are answers and no failures; only 0 when absent. */
  readonly exitCodes?: readonly number[] | undefined;
  readonly reporter?: Reporter | undefined;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const TEN_MINUTES = 600_000;
const MAX_OUTPUT = 16 << 20;
const SHOWN_LINES = 12;

/**
 * Runs a program without a shell and waits for it. Secrets reach the program, but never a message or a log.
 * @throws SigningError `NOT_FOUND` when there is no such program, `TOOL_FAILED` when it cannot be started,
 *   exits with another code, is killed by a signal or runs out of time.
 */
export async function run(
  program: string,
  args: readonly Argument[],
  options: RunOptions = {},
): Promise<RunResult> {
  options.reporter?.detail(`$ ${[program, ...args].map(shown).join(' ')}`);
  const ended = await spawn(program, args, options);
  const { stdout, stderr, exitCode } = ended;
  const isAnswer = ended.failure === undefined && (options.exitCodes ?? [0]).includes(exitCode ?? NaN);
  if (!isAnswer) throw failed(program, ended, secretsIn(args, options));
  return { stdout, stderr, exitCode: exitCode! };
}

function shown(argument: Argument): string {
  const text = String(argument);
  return /^[\w@%+=:,./[\]-]+$/.test(text) ? text : JSON.stringify(text);
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
  /** Why there is no exit code to trust. */
  readonly failure: string | undefined;
  readonly isMissing: boolean;
}

async function spawn(program: string, args: readonly Argument[], options: RunOptions): Promise<Ended> {
  const { execa } = await import('execa');
  const timeout = options.timeout ?? TEN_MINUTES;
  const { result, timedOut } = await watchGroup(
    () => execa(program, args.map(opened), execaOptions(options)),
    timeout,
  );
  return {
    stdout: result?.stdout ?? '',
    stderr: result?.stderr ?? '',
    exitCode: result?.exitCode,
    failure: timedOut ? `did not end within ${timeout / 1000} seconds and was stopped` : whyFailed(result),
    isMissing: result?.code === 'ENOENT',
  };
}

function execaOptions({ cwd, env, inherit, input }: RunOptions) {
  return {
    reject: false,
    // A process group of its own: what the program starts in turn can be killed with it.
    detached: process.platform !== 'win32',
    cleanup: false,
    extendEnv: false,
    env: environment(env, inherit),
    stripFinalNewline: false,
    maxBuffer: MAX_OUTPUT,
    windowsHide: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? ({ stdin: 'ignore' } as const) : { input: openedInput(input) }),
  } as const;
}

function opened(value: Argument): string {
  return value instanceof Secret ? value.expose() : value;
}

function openedInput(input: string | Uint8Array | Secret): string | Uint8Array {
  return input instanceof Secret ? input.expose() : input;
}

function environment(env: RunOptions['env'] = {}, names: RunOptions['inherit']): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && (names?.includes(name) ?? true) ? [[name, value] as const] : [],
  );
  const added = Object.entries(env).map(([name, value]) => [name, opened(value)] as const);
  return Object.fromEntries([...inherited, ...added]);
}

interface ExecaResult {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly isMaxBuffer: boolean;
}

function whyFailed(result: ExecaResult | undefined): string | undefined {
  const { signal, isMaxBuffer, exitCode, code } = result ?? { isMaxBuffer: false };
  if (isMaxBuffer) return `wrote more than ${MAX_OUTPUT} characters and was stopped`;
  if (signal !== undefined) return `was killed by ${signal}`;
  if (exitCode === undefined) return `could not be started${code === undefined ? '' : ` (${code})`}`;
  return undefined;
}

function secretsIn(args: readonly Argument[], { env = {}, input }: RunOptions): string[] {
  return [...args, ...Object.values(env), input]
    .filter((value) => value instanceof Secret)
    .map((secret) => secret.expose());
}

function failed(program: string, ended: Ended, secrets: readonly string[]): SigningError {
  if (ended.isMissing) {
    return new SigningError(
      'NOT_FOUND',
      `the program ${program}, or the folder to run it in, does not exist`,
      {
        hint: 'install it, or put it on the PATH',
      },
    );
  }
  const said = redact(lastLines(ended.stderr) || lastLines(ended.stdout), secrets);
  const why = ended.failure ?? `failed with exit code ${ended.exitCode ?? 'unknown'}`;
  // Never with the library's error as its cause: that holds the whole command line, secrets included.
  return new SigningError('TOOL_FAILED', `${program} ${why}${said && `: ${said}`}`);
}

function lastLines(output: string): string {
  return output.trim().split(/\r?\n/).slice(-SHOWN_LINES).join('\n');
}

function redact(text: string, secrets: readonly string[]): string {
  const pieces = secrets
    .flatMap((secret) => [secret, ...secret.split(/\r?\n/)])
    .filter((piece) => piece !== '');
  // The longest first: a part of a secret must not be replaced inside another one and leave its rest readable.
  const longestFirst = pieces.toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce((redacted, piece) => redacted.replaceAll(piece, '[secret]'), text);
}
