// Measures the engine beside openssl in one run, and prints ratios only: these machines are shared.
// `npm run bench` builds first; `npm run bench -- large` runs the cases whose name contains "large".
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeApp, writeMachO } from './made-up-code.mjs';

const ROUNDS = 5;
const MB = 1 << 20;
const engine = fileURLToPath(new URL('../dist/engine/index.js', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'nx-codesign-bench-'));

const cases = {
  async 'large program, ad-hoc, against openssl dgst -sha256'() {
    const path = join(work, 'large');
    writeMachO(path, 150 * MB);
    return compare(
      () => openssl([path]),
      () => signInProcess(path, join(work, 'large-signed')),
    );
  },
  async 'app of 3,650 files with 230 libraries, against openssl on every core'() {
    const path = join(work, 'Many.app');
    writeApp(path, { files: 3420, libraries: 230, bytes: 300 * MB });
    return compare(
      () => opensslOnAllCores(filesBelow(path)),
      () => signInProcess(path, join(work, 'signed', 'Many.app')),
    );
  },
  async 'memory above Node, app of 1 GiB (MB)'() {
    const path = join(work, 'Huge.app');
    writeApp(path, { files: 300, libraries: 20, bytes: 1024 * MB });
    const idle = await peakMemory('');
    const busy = await peakMemory(
      `const { sign } = await import(process.argv[1]); await sign({ path: process.argv[2], outputPath: process.argv[3], identity: 'adhoc' });`,
      [engine, path, join(work, 'signed', 'Huge.app')],
    );
    return `${Math.round((busy - idle) / MB)} MB (peak ${Math.round(busy / MB)}, Node alone ${Math.round(idle / MB)})`;
  },
  async 'memory above Node, program of 150 MiB (MB)'() {
    const path = join(work, 'large');
    writeMachO(path, 150 * MB);
    const idle = await peakMemory('');
    const busy = await peakMemory(
      `const { sign } = await import(process.argv[1]); await sign({ path: process.argv[2], outputPath: process.argv[3], identity: 'adhoc' });`,
      [engine, path, join(work, 'signed', 'large')],
    );
    return `${Math.round((busy - idle) / MB)} MB (peak ${Math.round(busy / MB)}, Node alone ${Math.round(idle / MB)})`;
  },
  async 'growth from 10 to 10,000 files: time per file, relative to 1,000 files'() {
    const perFile = {};
    for (const files of [10, 100, 1000, 10_000]) {
      const path = join(work, `App${files}.app`);
      writeApp(path, { files, libraries: 1, bytes: files * 512 });
      const times = [];
      for (let i = 0; i < 3; i++)
        times.push(await timed(() => signInProcess(path, join(work, 'signed', `App${files}.app`))));
      perFile[files] = median(times) / files;
    }
    return Object.entries(perFile)
      .map(([files, time]) => `${files}: ${(time / perFile[1000]).toFixed(2)}`)
      .join(', ');
  },
};

async function compare(theirs, ours) {
  const ratios = [];
  await theirs();
  await ours();
  for (let i = 0; i < ROUNDS; i++) {
    const base = await timed(theirs);
    ratios.push((await timed(ours)) / base);
  }
  ratios.sort((a, b) => a - b);
  return `${median(ratios).toFixed(2)} x (from ${ratios[0].toFixed(2)} to ${ratios.at(-1).toFixed(2)})`;
}

async function timed(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function signInProcess(path, outputPath) {
  const { sign } = await import(engine);
  await sign({ path, outputPath, identity: 'adhoc', hardenedRuntime: false });
}

function openssl(paths) {
  execFileSync('openssl', ['dgst', '-sha256', ...paths], { stdio: 'ignore' });
}

/** All files, dealt out to as many processes as there are cores. */
async function opensslOnAllCores(paths) {
  const cores = availableParallelism();
  const hands = Array.from({ length: cores }, (_, core) => paths.filter((_, i) => i % cores === core));
  await Promise.all(
    hands.map(
      (hand) =>
        new Promise((resolve, reject) => {
          spawn('openssl', ['dgst', '-sha256', ...hand], { stdio: 'ignore' })
            .on('exit', resolve)
            .on('error', reject);
        }),
    ),
  );
}

function filesBelow(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Bytes, of a process of its own. */
function peakMemory(code, args = []) {
  const program = `${code}\nprocess.stdout.write(String(process.resourceUsage().maxRSS * 1024));`;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', program, ...args], { encoding: 'utf8' }),
  );
}

try {
  const wanted = process.argv.slice(2);
  for (const [name, run] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
    console.log(`${name}: ${await run()}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
