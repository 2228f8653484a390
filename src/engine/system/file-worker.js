// A thread that works on files: it opens them by itself, so that no bytes travel between threads.
import { parentPort } from 'node:worker_threads';
import { runJob } from './file-work.js';

parentPort?.on('message', (/** @type {import('./file-pool.js').FileJob} */ job) => {
  try {
    parentPort?.postMessage({ result: runJob(job) });
  } catch (error) {
    const { code, path, message } = /** @type {NodeJS.ErrnoException} */ (error);
    parentPort?.postMessage({ failure: { code, path, message } });
  }
});
