import { hash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { readBytes, type ByteSource } from '../bytes/source.js';
import { mapConcurrently } from './concurrency.js';
import { SigningError } from './error.js';

/** A run of pages in one file, for a worker thread. */
export interface PageJob {
  readonly path: string;
  readonly at: number;
  readonly length: number;
  readonly pageSize: number;
  readonly algorithms: readonly string[];
}

/** Bytes hashed by one job: a multiple of every page size. */
const RUN = 4 << 20;
/** Below this a thread takes longer to start than the hashing does. */
const WORTH_THREADS = 16 << 20;

/**
 * Hashes `source` up to `limit` page by page, the last one short; `pageSize` must be a power of two up to 1 MiB.
 * Gives one array of digests, one after the other, for every algorithm. Memory use is constant but for the digests.
 */
export async function hashPages(
  source: ByteSource,
  limit: number,
  pageSize: number,
  algorithms: readonly string[],
): Promise<Uint8Array[]> {
  const starts = Array.from({ length: Math.ceil(limit / RUN) }, (_, i) => i * RUN);
  const threads = limit < WORTH_THREADS ? 0 : availableParallelism();
  const runs = await mapConcurrently(
    starts,
    async (at) => {
      const length = Math.min(RUN, limit - at);
      const location = threads > 0 ? source.locate?.(at, length) : undefined;
      if (location) return pool(threads).run({ ...location, length, pageSize, algorithms });
      return hashRun(await readBytes(source, at, length), pageSize, algorithms);
    },
    Math.max(1, threads),
  );
  return algorithms.map((_, i) => new Uint8Array(Buffer.concat(runs.map((run) => run[i]!))));
}

function hashRun(data: Uint8Array, pageSize: number, algorithms: readonly string[]): Uint8Array[] {
  return algorithms.map((algorithm) => {
    const pages: Buffer[] = [];
    for (let at = 0; at < data.length; at += pageSize) {
      pages.push(hash(algorithm, data.subarray(at, at + pageSize), 'buffer'));
    }
    return Buffer.concat(pages);
  });
}

/** Threads that live as long as the process and never hold it open. */
class HashPool {
  readonly #idle: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  constructor(size: number) {
    for (let i = 0; i < size; i++) this.#idle.push(startWorker());
  }

  async run(job: PageJob): Promise<Uint8Array[]> {
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

let shared: HashPool | undefined;

function pool(size: number): HashPool {
  return (shared ??= new HashPool(size));
}

function startWorker(): Worker {
  const worker = new Worker(new URL('./hash-worker.js', import.meta.url), { execArgv: [] });
  worker.unref();
  return worker;
}

function answerOf(worker: Worker, job: PageJob): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      finish();
    };
    const onMessage = (answer: { digests?: Uint8Array[]; message?: string }) => {
      settle(() => {
        if (answer.digests) resolve(answer.digests);
        else reject(new SigningError('IO', answer.message ?? `${job.path} cannot be read`));
      });
    };
    const onError = (error: unknown) => {
      settle(() => {
        reject(error as Error);
      });
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.postMessage(job);
  });
}
