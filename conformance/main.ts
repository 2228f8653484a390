import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { selectPackages, type Package } from './cases.js';
import { checkPackage } from './check-package.js';
import { Dice } from './dice.js';
import { flipBytes, flippableThings } from './flip-bytes.js';
import { Results } from './results.js';
import { unpackPackage } from './unpacked-package.js';

const FLIPS = 1000;

/** Runs the checks that were asked for and prints what came of them. @returns the exit code */
export async function main(args: string[]): Promise<number> {
  const { all, only, seed } = parseArgs({
    args,
    options: {
      all: { type: 'boolean', default: false },
      only: { type: 'string' },
      seed: { type: 'string', default: String(randomInt(1 << 30)) },
    },
  }).values;
  const packages = await selectPackages({ all, only });
  const results = new Results();
  const flips = FLIPS / packages.reduce((sum, each) => sum + flippableThings(each), 0);
  for (const each of packages) {
    const folder = await mkdtemp(join(tmpdir(), 'nx-codesign-conformance-'));
    try {
      await run({ wanted: each, folder, flips: Math.ceil(flips * flippableThings(each)), seed }, results);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  report(packages, seed, results);
  return results.failed > 0 || results.passed === 0 ? 1 : 0;
}

interface Run {
  readonly wanted: Package;
  readonly folder: string;
  readonly flips: number;
  readonly seed: string;
}

async function run({ wanted, folder, flips, seed }: Run, results: Results): Promise<void> {
  const subject = `${wanted.name}@${wanted.version}`;
  console.log(subject);
  try {
    const unpacked = await unpackPackage(wanted, folder);
    for (const [archive, why] of unpacked.unreadable) results.skip(`${subject} ${archive}`, why);
    await checkPackage(wanted, unpacked, folder, results);
    await flipBytes(wanted, unpacked, flips, new Dice(`${seed} ${subject}`), results);
  } catch (error) {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    results.add({ table: 'Packages', category: 'packages', check: 'had', subject, problem });
  }
}

function report(packages: readonly Package[], seed: string, results: Results): void {
  const programs = packages.flatMap(({ files }) => files).filter(({ authenticode }) => authenticode).length;
  console.log(`\n${results.tables()}\n`);
  console.log(`bytes were chosen with --seed ${seed}`);
  if (programs > 0) console.log(`not yet: the Authenticode signatures of ${programs} Windows programs`);
  if (results.skipped > 0) console.log(`${results.skipped} skipped`);
  console.log(`${results.passed} passed, ${results.failed} failed`);
}
