import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { fileError } from './error.js';
import { runJob } from './file-work.js';

/** Hash a run of pages in one file. */
export interface PagesJob {
  readonly kind: 'pages';
  readonly path: string;
  readonly at: number;
  readonly length: number;
  /** Bytes; a power of two up to 1 MiB. */
  readonly pageSize: number;
  readonly algorithms: readonly string[];
}

/** Hash whole files. */
export interface DigestsJob {
  readonly kind: 'digests';
  readonly paths: readonly string[];
  readonly algorithms: readonly string[];
}

/** Read the first `length` bytes of files. */
export interface HeadsJob {
  readonly kind: 'heads';
  readonly paths: readonly string[];
  readonly length: number;
}

/** Copy files, modes and times included, to where there are none yet. */
export interface CopiesJob {
  readonly kind: 'copies';
  readonly files: readonly { readonly from: string; readonly to: string }[];
}

export type FileJob = PagesJob | DigestsJob | HeadsJob | CopiesJob;

export interface JobResults {
  /** Digests one after the other, for each algorithm. */
  readonly pages: Uint8Array[];
  /** For each path, for each algorithm. */
  readonly digests: Uint8Array[][];
  /** Shorter where the file is. */
  readonly heads: Uint8Array[];
  readonly copies: undefined;
}

/** Below these many bytes a thread takes longer to start than the work does. */
const WORTH_THREADS = 16 << 20;
/** Below these, asking a thread that runs already takes longer. */
const WORTH_ASKING = 256 << 10;

/** How many jobs can run side by side for this much work; 0 when it is best done right here. */
export function lanesFor(bytes: number): number {
  return bytes < (pool ? WORTH_ASKING : WORTH_THREADS) ? 0 : availableParallelism();
}

/**
 * Runs a job: in this thread, or when there are lanes in another.
 * @throws SigningError `IO`, `NOT_FOUND`, `PERMISSION_DENIED`, `DISK_FULL`
 */
export async function runFileJob<J extends FileJob>(job: J, lanes: number): Promise<JobResults[J['kind']]> {
  if (lanes > 0) return (await sharedPool(lanes).run(job)) as JobResults[J['kind']];
  try {
    return runJob(job) as JobResults[J['kind']];
  } catch (error) {
    throw fileError(error, pathIn(error));
  }
}

function pathIn(error: unknown): string {
  const path = (error as { path?: unknown }).path;
  return typeof path === 'string' ? path : 'a file';
}

let pool: FilePool | undefined;

function sharedPool(size: number): FilePool {
  return (pool ??= new FilePool(size));
}

/** Threads that live as long as the process and never hold it open. */
class FilePool {
  readonly #idle: Worker[];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  constructor(size: number) {
    this.#idle = Array.from({ length: size }, startWorker);
  }

  async run(job: FileJob): Promise<unknown> {
    const worker = this.#idle.pop() ?? (await new Promise<Worker>((resolve) => this.#waiting.push(resolve)));
    worker.ref();
    try {
      return await answerOf(worker, job);
    } finally {
      worker.unref();
      const next = this.#waiting.shift();
      if (next) next(worker);
      else this.#idle.push(worker);
    }
  }
}

function startWorker(): Worker {
  // Options of our own process, such as --input-type, would keep the thread from starting.
  const worker = new Worker(new URL('./file-worker.js', import.meta.url), { execArgv: [] });
  worker.unref();
  return worker;
}

interface Answer {
  readonly result?: unknown;
  readonly failure?: { readonly code?: string; readonly path?: string; readonly message: string };
}

function answerOf(worker: Worker, job: FileJob): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', reject);
      finish();
    };
    const onMessage = ({ result, failure }: Answer) => {
      settle(() => {
        if (failure) reject(fileError(failure, pathIn(failure)));
        else resolve(result);
      });
    };
    worker.on('message', onMessage);
    worker.on('error', reject);
    worker.postMessage(job);
  });
}
