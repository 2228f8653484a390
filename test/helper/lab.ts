/** Builds the helper for this machine and runs it under a parent and conditions of a test's choice. */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, link, mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

export const SOURCE = join(__dirname, '../../helper-template/helper.c');

const text = (name: string, value: string) => `-D${name}="${value}"`;
/** The temporary folder is relative, so that each run leaves its files, or none, in a folder of its own. */
const ALL = ['-DHELPER_TIMEOUT=2', '-DHELPER_GRACE=1', text('HELPER_TMPDIR', 'tmp')];

/** The same source, configured or linked differently. */
const BUILDS = {
  helper: () => [text('HELPER_PARENT', 'other,daemon')],
  elevated: () => [],
  capable: () => [],
  lenient: () => ['-DHELPER_PARENT_MATCH=contains'],
  placed: (lab: string) => [text('HELPER_PARENT_PATH', `${lab}/genuine`)],
  logging: () => ['-DHELPER_SYSLOG=1', join(__dirname, 'log-to-stderr.c')],
  shellless: () => [join(__dirname, 'no-shell.c')],
} satisfies Record<string, (lab: string) => string[]>;

export interface Wish {
  readonly build?: keyof typeof BUILDS;
  /** Where the launcher is put, relative to the room; the last part is the parent's name. */
  readonly parent?: string;
  /** Conditions of `launcher.c`. */
  readonly under?: readonly string[];
  /** The helper's arguments. */
  readonly given: readonly string[];
  /** What standard input holds before it ends. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: number;
  /** Command that the launcher is started through. */
  readonly through?: readonly string[];
}

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  /** What is in the temporary folder afterwards. */
  readonly left: readonly string[];
  readonly seconds: number;
}

export interface Running {
  /** The helper's process number. */
  readonly pid: Promise<number>;
  /** Resolves when the script has printed something. */
  readonly speaks: Promise<unknown>;
  readonly input: Writable;
  readonly outcome: Promise<Outcome>;
}

type Child = ChildProcessWithoutNullStreams;

export class Lab {
  readonly #running = new Set<number>();

  private constructor(readonly folder: string) {}

  static async open(): Promise<Lab> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'hostile-')));
    await chmod(folder, 0o755); // Other users run programs of it.
    const builds = Object.entries(BUILDS).map(([name, more]) => [name, SOURCE, ...ALL, ...more(folder)]);
    const all = [['launcher', join(__dirname, 'launcher.c')], ...builds];
    await Promise.all(all.map(([name, ...input]) => compile(input, join(folder, name!))));
    return new Lab(folder);
  }

  /** Removes everything, and ends what a helper with a fault in it did not. */
  async close(): Promise<void> {
    for (const group of this.#running) process.kill(-group, 'SIGKILL');
    await rm(this.folder, { recursive: true });
  }

  /** The working folder of one run, with the temporary folder `tmp` in it. */
  async room(mode = 0o700): Promise<string> {
    const room = await mkdtemp(join(this.folder, 'room-'));
    await mkdir(join(room, 'tmp'));
    await chmod(join(room, 'tmp'), mode);
    await chmod(room, 0o755);
    return room;
  }

  /** Runs the helper to its end. */
  async run(wish: Wish, room?: string): Promise<Outcome> {
    const running = await this.start(wish, room);
    running.input.end(wish.input);
    return running.outcome;
  }

  async start(wish: Wish, room?: string): Promise<Running> {
    const cwd = room ?? (await this.room());
    const parent = await this.#parent(resolve(cwd, wish.parent ?? 'bin/daemon'));
    const helper = join(this.folder, wish.build ?? 'helper');
    const command = [...(wish.through ?? []), parent, ...(wish.under ?? []), '--', helper, ...wish.given];
    const child = this.#spawn(command, cwd, wish);
    const [stdin, stdout, , third] = child.stdio;
    stdin.on('error', () => undefined); // The helper may refuse before it has read all.
    return {
      pid: once(third as Readable, 'data').then(([number]) => Number(String(number))),
      speaks: once(stdout, 'data'),
      input: stdin,
      outcome: outcomeOf(child, join(cwd, 'tmp')),
    };
  }

  #spawn([program, ...rest]: readonly string[], cwd: string, { env = {}, user }: Wish): Child {
    const child = spawn(program!, rest, {
      cwd,
      env,
      detached: true, // A process group that can be ended as one.
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      ...(user === undefined ? {} : { uid: user, gid: user }),
    });
    this.#running.add(child.pid!);
    child.once('exit', () => this.#running.delete(child.pid!));
    return child;
  }

  /** Many names for one file: copies could still be open for writing when they are to be started. */
  async #parent(path: string): Promise<string> {
    await mkdir(dirname(path), { recursive: true });
    const launcher = join(this.folder, 'launcher');
    // macOS may name a process after any link of its file; it does not mind writers.
    if (process.platform === 'darwin') await copyFile(launcher, path);
    else await link(launcher, path).catch(() => undefined);
    return path;
  }
}

async function outcomeOf(child: Child, tmp: string): Promise<Outcome> {
  const began = performance.now();
  const [out, err] = await Promise.all([read(child.stdout), read(child.stderr), once(child, 'close')]);
  const seconds = (performance.now() - began) / 1000;
  const left = await readdir(tmp).catch(() => []);
  return { status: child.exitCode, out, err, left, seconds };
}

async function compile(input: readonly string[], output: string): Promise<void> {
  await promisify(execFile)('gcc', ['-O1', ...input, '-o', output]);
}

async function read(stream: Readable): Promise<string> {
  let all = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (all += chunk));
  await once(stream, 'end');
  return all;
}
