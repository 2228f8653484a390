// `npm run e2e [22|23|24]`: packs the plugin and tries it in real Nx workspaces, of Nx 24 unless told otherwise.
// The last line is `N passed, N failed`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { main } from './run.mjs';
import { add, conclude, emptyTally } from './tally.mjs';
import { packPlugin } from './workspace.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const majors = process.argv.length > 2 ? process.argv.slice(2) : ['24'];
const folder = mkdtempSync(join(tmpdir(), 'nx-codesign-e2e-'));

await main(async () => {
  const total = emptyTally();
  try {
    process.env.NX_CODESIGN_TARBALL = packPlugin(folder);
    for (const major of majors) add(total, await runOn(major));
  } finally {
    rmSync(folder, { recursive: true });
  }
  conclude(total);
});

/**
 * @param {string} major
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
async function runOn(major) {
  process.env.NX_CODESIGN_E2E_NX = major;
  /** @type {Record<string, number>} */
  const counts = {};
  const events = run({ files: [join(root, 'e2e', 'nx.e2e.mjs')] });
  events.on('test:diagnostic', ({ message, nesting }) => {
    const [, name, count] = /^(pass|fail|cancelled|skipped) (\d+)$/u.exec(message) ?? [];
    if (nesting === 0 && name) counts[name] = Number(count);
  });
  const report = events.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);
  return {
    passed: counts.pass ?? 0,
    // A test whose suite could not be prepared is cancelled; a run without a count did not get that far.
    failed: (counts.fail ?? 1) + (counts.cancelled ?? 0),
    skipped: counts.skipped ?? 0,
  };
}
