import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SigningError } from '../../system/error.js';
import { readSmallFile } from '../../system/files.js';
import type { Reporter } from '../../system/reporter.js';
import { run } from '../../system/run.js';
import type { Command, CompileJob, Compiler } from './compiler.js';

/**
 * The executable that `compiler` makes of `job`. The folder of `job.output` is made, used and removed.
 * @throws SigningError `COMPILE_FAILED` with what the compiler said, `TOOL_FAILED` when it broke down.
 */
export async function compileThin(
  job: CompileJob,
  compiler: Compiler,
  reporter: Reporter,
): Promise<Uint8Array> {
  const folder = dirname(job.output);
  try {
    await mkdir(folder);
    for (const command of compiler.commands(job)) await runCompiler(command, job, reporter);
    return await readSmallFile(job.output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What compilers need of their surroundings; with variables such as CPATH or SDKROOT the result would depend on them. */
const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  'DEVELOPER_DIR',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'LOCALAPPDATA',
  'USERPROFILE',
];
/** The exit codes of a compiler that has done its work: 1 stands for mistakes in the source. */
const EXIT_CODES = [0, 1];
const MAX_MESSAGE = 8000;

async function runCompiler(
  { program, args, env }: Command,
  job: CompileJob,
  reporter: Reporter,
): Promise<void> {
  const { exitCode, stderr } = await run(program, args, {
    env,
    inherit: INHERITED,
    exitCodes: EXIT_CODES,
    reporter,
  });
  const said = stderr.trim();
  if (exitCode === 0) {
    if (said !== '') reporter.warn(said);
    return;
  }
  const what = `${job.sources.join(', ')} could not be compiled for ${job.architecture}`;
  throw new SigningError('COMPILE_FAILED', `${what}:\n${said.slice(0, MAX_MESSAGE)}`, {
    hint: 'correct the source, or the options "defines", "includeFolders" and "compileFlags"',
  });
}
