// What worker threads do with files, in plain JavaScript: a thread cannot start from TypeScript. Everything is
// synchronous, for a thread has nothing else to do, and an asynchronous call costs more than a small file does.
import { createHash, hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  futimesSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';

/** @typedef {import('./file-pool.js').PagesJob} PagesJob */
/** @typedef {import('./file-pool.js').DigestsJob} DigestsJob */
/** @typedef {import('./file-pool.js').CopiesJob} CopiesJob */

/** Measured fastest on Linux: smaller chunks pay per call, larger ones miss the processor's cache. */
const CHUNK = 1 << 20;
const PERMISSIONS = 0o7777;
/** @type {Buffer | undefined} */
let shared;

function buffer() {
  return (shared ??= Buffer.allocUnsafeSlow(CHUNK));
}

/**
 * @param {import('./file-pool.js').FileJob} job
 * @returns {unknown}
 */
export function runJob(job) {
  switch (job.kind) {
    case 'pages':
      return hashPages(job);
    case 'digests':
      return digestFiles(job);
    case 'heads':
      return readHeads(job);
    case 'copies':
      copyFiles(job);
      return undefined;
  }
}

/**
 * One array of digests, one after the other, for each algorithm.
 * @param {PagesJob} job
 * @returns {Uint8Array[]}
 */
function hashPages({ path, at, length, pageSize, algorithms }) {
  /** @type {Buffer[][]} */
  const digests = algorithms.map(() => []);
  withFile(path, 'r', (file) => {
    for (let done = 0; done < length;) {
      const chunk = buffer().subarray(0, Math.min(CHUNK, length - done));
      readFully(file, path, chunk, at + done);
      for (let page = 0; page < chunk.length; page += pageSize) {
        const bytes = chunk.subarray(page, page + pageSize);
        algorithms.forEach((algorithm, i) => digests[i]?.push(hash(algorithm, bytes, 'buffer')));
      }
      done += chunk.length;
    }
  });
  return digests.map((list) => new Uint8Array(Buffer.concat(list)));
}

/**
 * The digests of whole files, one for each algorithm.
 * @param {DigestsJob} job
 * @returns {Uint8Array[][]}
 */
function digestFiles({ paths, algorithms }) {
  return paths.map((path) => withFile(path, 'r', (file) => digestOpenFile(file, path, algorithms)));
}

/**
 * @param {number} file
 * @param {string} path
 * @param {readonly string[]} algorithms
 */
function digestOpenFile(file, path, algorithms) {
  const { size } = fstatSync(file);
  const first = buffer().subarray(0, Math.min(CHUNK, size));
  readFully(file, path, first, 0);
  if (size <= CHUNK) return algorithms.map((algorithm) => new Uint8Array(hash(algorithm, first, 'buffer')));
  const hashes = algorithms.map((algorithm) => createHash(algorithm).update(first));
  for (let at = CHUNK; at < size; at += CHUNK) {
    const chunk = buffer().subarray(0, Math.min(CHUNK, size - at));
    readFully(file, path, chunk, at);
    for (const each of hashes) each.update(chunk);
  }
  return hashes.map((each) => new Uint8Array(each.digest()));
}

/**
 * The first bytes of each file, or all of a shorter one.
 * @param {import('./file-pool.js').HeadsJob} job
 * @returns {Uint8Array[]}
 */
function readHeads({ paths, length }) {
  return paths.map((path) =>
    withFile(path, 'r', (file) => {
      const head = new Uint8Array(length);
      return head.subarray(0, readSync(file, head, 0, length, 0));
    }),
  );
}

/**
 * Copies files to where there are none yet; modes and times are kept.
 * @param {CopiesJob} job
 */
function copyFiles({ files }) {
  for (const { from, to } of files) {
    withFile(from, 'r', (source) => {
      const { size, mode, atimeMs, mtimeMs } = fstatSync(source);
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
      withFile(to, flags, (target) => {
        for (let at = 0; at < size; at += CHUNK) {
          const chunk = buffer().subarray(0, Math.min(CHUNK, size - at));
          readFully(source, from, chunk, at);
          writeFully(target, chunk, at);
        }
        fchmodSync(target, mode & PERMISSIONS);
        futimesSync(target, atimeMs / 1000, mtimeMs / 1000);
      });
    });
  }
}

/**
 * @template T
 * @param {string} path
 * @param {string | number} flags
 * @param {(file: number) => T} work
 * @returns {T}
 */
function withFile(path, flags, work) {
  const file = openSync(path, flags, 0o600);
  try {
    return work(file);
  } catch (error) {
    // What fails on an open file does not say on which.
    const failure = /** @type {Error & { path?: string }} */ (error);
    failure.path ??= path;
    throw failure;
  } finally {
    closeSync(file);
  }
}

/**
 * @param {number} file
 * @param {string} path
 * @param {Buffer} into
 * @param {number} at
 */
function readFully(file, path, into, at) {
  for (let done = 0; done < into.length;) {
    const read = readSync(file, into, done, into.length - done, at + done);
    if (read === 0)
      throw Object.assign(new Error(`${path} became shorter while it was being read`), {
        code: 'ESHORT',
        path,
      });
    done += read;
  }
}

/**
 * @param {number} file
 * @param {Buffer} data
 * @param {number} at
 */
function writeFully(file, data, at) {
  for (let done = 0; done < data.length;) done += writeSync(file, data, done, data.length - done, at + done);
}
