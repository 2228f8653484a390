import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { selectPackages, type Package } from './cases.js';
import { checkPackage } from './check-package.js';
import { Results } from './results.js';
import { unpackPackage } from './unpacked-package.js';

/** Runs the checks that were asked for and prints what came of them. @returns the exit code */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { all: { type: 'boolean', default: false }, only: { type: 'string' } },
  });
  const results = new Results();
  for (const each of await selectPackages({ all: values.all, only: values.only })) {
    const folder = await mkdtemp(join(tmpdir(), 'nx-codesign-conformance-'));
    try {
      await run(each, folder, results);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  console.log(`\n${results.tables()}\n`);
  if (results.skipped > 0) console.log(`${results.skipped} skipped`);
  console.log(`${results.passed} passed, ${results.failed} failed`);
  return results.failed > 0 || results.passed === 0 ? 1 : 0;
}

async function run(wanted: Package, folder: string, results: Results): Promise<void> {
  const subject = `${wanted.name}@${wanted.version}`;
  console.log(subject);
  try {
    const unpacked = await unpackPackage(wanted, folder);
    for (const [archive, why] of unpacked.unreadable) results.skip(`${subject} ${archive}`, why);
    await checkPackage(wanted, unpacked, folder, results);
  } catch (error) {
    results.add({
      table: 'Packages',
      category: 'packages',
      check: 'fetched',
      subject,
      problem: (error as Error).message,
    });
  }
}
