import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A program that ended badly; what it printed has been shown, or is in `output`. */
export class CommandFailed extends Error {
  /**
   * @param {string} command
   * @param {number | string | null} status
   * @param {string} output
   */
  constructor(command, status, output) {
    super(`${command} ended with ${status}${output ? `\n${output}` : ''}`);
    this.status = status;
    this.output = output;
  }
}

/**
 * Runs a script: a program that failed ends it with that program's own words, and no stack of ours.
 * @param {() => void | Promise<void>} script
 */
export async function main(script) {
  try {
    await script();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(`✖ ${error.message}`);
    process.exitCode = 1;
  }
}

/**
 * @typedef {import('node:child_process').SpawnSyncOptionsWithStringEncoding} Options
 */

/**
 * Runs a program to its end with its output shown; throws CommandFailed unless it exits with 0.
 * @param {string} program
 * @param {string[]} args
 * @param {Partial<Options>} [options]
 */
export function run(program, args, options = {}) {
  execute(program, args, { stdio: 'inherit', ...options });
}

/**
 * Runs npm and returns what it prints on stdout. It is the npm that runs us, when there is one: on Windows `npm` is a
 * script, which cannot be spawned.
 * @param {string[]} args
 * @param {Partial<Options>} [options]
 */
export function npm(args, options = {}) {
  const [program, first] = npmCommand();
  return execute(program, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options }).stdout;
}

/**
 * Installs the dependencies of a fresh clone.
 * @param {string} root
 */
export function installDependencies(root) {
  if (existsSync(join(root, 'node_modules', '.package-lock.json'))) return;
  console.log('installing dependencies');
  npm(['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' });
}

/** @returns {[program: string, first: string[]]} */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js')) return [process.execPath, [script]];
  return process.platform === 'win32' ? ['npm.cmd', []] : ['npm', []];
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Partial<Options>} options
 */
function execute(program, args, options) {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    const output = [result.stdout, result.stderr].filter(Boolean).join('\n').trim();
    throw new CommandFailed([program, ...args].join(' '), result.status ?? result.signal, output);
  }
  return result;
}
