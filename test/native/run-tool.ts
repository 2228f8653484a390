import { spawnSync } from 'node:child_process';

export interface ToolResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  /** What it reads on its standard input. */
  readonly input?: string;
  /** The exit codes that are answers; only 0 when absent. */
  readonly statuses?: readonly number[];
}

const TWO_MINUTES = 120_000;
const MAX_OUTPUT = 64 << 20;

/** Runs one of the system's programs. One that fails makes the test fail with what it said. */
export function runTool(program: string, args: readonly string[], options: ToolOptions = {}): ToolResult {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: TWO_MINUTES,
    maxBuffer: MAX_OUTPUT,
    input: options.input ?? '',
    // Dates and messages in the language that the parsers know.
    env: { ...process.env, LC_ALL: 'C', LANG: 'C' },
  });
  if (error) throw error;
  if (status !== null && (options.statuses ?? [0]).includes(status)) return { status, stdout, stderr };
  throw new Error(`${program} ended with ${status ?? 'a signal'}\n${stdout}\n${stderr}`);
}
