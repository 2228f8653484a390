// `npm test`: lint, format, types, and the unit and integration tests; on a fresh clone with Node and npm alone.
// The last line is `N passed, N failed`, with `, N skipped` when a test was. Lint, format and types count as one each.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies, main } from './run.mjs';
import { add, conclude, emptyTally } from './tally.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @type {Record<string, string[]>} */
const CHECKS = {
  lint: ['eslint/bin/eslint.js', '.'],
  format: ['prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn'],
  types: ['typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit'],
};

await main(() => {
  installDependencies(root);
  const total = emptyTally();
  for (const [name, args] of Object.entries(CHECKS)) {
    const isGood = node(args) === 0;
    console.log(`${isGood ? '✓' : '✗'} ${name}`);
    add(total, { passed: Number(isGood), failed: Number(!isGood), skipped: 0 });
  }
  add(total, jest(process.argv.slice(2)));
  conclude(total);
});

/**
 * @param {string[]} args
 * @returns {import('./tally.mjs').Tally}
 */
function jest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'nx-codesign-test-'));
  const report = join(folder, 'report.json');
  // `--json` makes Jest print the report on stdout too, which nobody reads; what people read is on its stderr.
  const status = node(['jest/bin/jest.js', '--json', `--outputFile=${report}`, ...args], 'ignore');
  const results = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  rmSync(folder, { recursive: true });
  if (!results) return { passed: 0, failed: 1, skipped: 0 };
  return {
    passed: results.numPassedTests,
    // A file that does not load has no tests that could fail.
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites || Number(status !== 0),
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/**
 * Runs a program of node_modules; returns its exit code.
 * @param {string[]} args
 * @param {'inherit' | 'ignore'} stdout
 */
function node([script = '', ...args], stdout = 'inherit') {
  const program = join(root, 'node_modules', script);
  return spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: ['ignore', stdout, 'inherit'] })
    .status;
}
